import type { z } from 'zod';
import { describeIssues, kindOf } from '../../src/core/http/describe-issue.ts';

/** Findings of a schema (made with `reportInput`) in plain words, a sentence each; the first `skipped` parts of each path are left out. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], skipped = 0): string {
  const shown = issues.map((issue) => ({ ...issue, path: issue.path.slice(skipped) }));
  return describeIssues(shown, show)
    .map(({ path, message }) => (path === '' ? `${message}.` : `${path}: ${message}.`))
    .join(' ');
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return typeof value === 'number' ? String(value) : kindOf(value);
}
