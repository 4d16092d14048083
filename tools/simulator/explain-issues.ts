import type { z } from 'zod';
import { describeIssue, kindOf } from '../../src/core/http/describe-issue.ts';

/** Findings of a schema (made with `reportInput`) in plain words, a sentence each; the first `skipped` parts of each path are left out. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], skipped = 0): string {
  return issues
    .flatMap((issue) => describeIssue({ ...issue, path: issue.path.slice(skipped) }, show))
    .map(({ path, message }) => (path === '' ? `${message}.` : `${path}: ${message}.`))
    .join(' ');
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return typeof value === 'number' ? String(value) : kindOf(value);
}
