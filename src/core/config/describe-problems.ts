import type { z } from 'zod';
import { describeIssues, kindOf, type Problem } from '../http/describe-issue.ts';

/** One thing that is wrong with a configuration document; never repeats a key. */
export type ConfigProblem = Problem;

/** Fields in which somebody may have put a secret by mistake: their value is not repeated. */
const secretFields: ReadonlySet<PropertyKey> = new Set(['sha256', 'apiKeySetting', 'audience', 'tenantId']);

/** Puts every problem into one message, a line each, path first. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
}

/** Translates zod's findings (made with `reportInput`) into problems: what was received, what is allowed. */
export function toProblems(issues: readonly z.core.$ZodIssue[]): readonly ConfigProblem[] {
  return describeIssues(issues, show);
}

function show(value: unknown, path: readonly PropertyKey[]): string {
  if (path.some((part) => secretFields.has(part))) return 'something else (not repeated here)';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}
