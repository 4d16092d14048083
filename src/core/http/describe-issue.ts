import type { z } from 'zod';

/** One finding of a schema: where, and what was received and is allowed. */
export interface Problem {
  /** Such as `body.messages[0].role`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** What is said of a field that nobody knows. */
export const unknownField = 'is not a known field; remove it';

/** How a received value may be repeated to whoever sent it; must hide what could be content or a key. */
export type ShowValue = (value: unknown, path: readonly PropertyKey[]) => string;

/** Writes a path the way people read it: `teams[0].keys[1].sha256`; unusual keys are quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = String(part).slice(0, 80);
    if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/**
 * Translates a schema's findings (made with `reportInput`) into plain words; unknown fields are one problem each. What is beyond a
 * limit that is told is not told once more as beyond what any whole number may be.
 */
export function describeIssues(issues: readonly z.core.$ZodIssue[], show: ShowValue): readonly Problem[] {
  return issues.filter((issue) => !isToldCloser(issue, issues)).flatMap((issue) => describeIssue(issue, show));
}

function isToldCloser(issue: z.core.$ZodIssue, issues: readonly z.core.$ZodIssue[]): boolean {
  const bound = boundOf(issue);
  if (bound === null || Math.abs(bound) !== Number.MAX_SAFE_INTEGER) return false;
  const path = formatPath(issue.path);
  return issues.some(
    (other) => other.code === issue.code && boundOf(other) !== bound && formatPath(other.path) === path,
  );
}

function boundOf(issue: z.core.$ZodIssue): number | null {
  if (issue.code === 'too_big') return Number(issue.maximum);
  return issue.code === 'too_small' ? Number(issue.minimum) : null;
}

function describeIssue(issue: z.core.$ZodIssue, show: ShowValue): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key]),
      message: unknownField,
    }));
  }
  return [{ path: formatPath(issue.path), message: explain(issue, show) }];
}

/** Names the kind of a JSON value: what can be said of content without repeating it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  return typeof value === 'object' ? 'an object' : String(value);
}

function explain(issue: z.core.$ZodIssue, show: ShowValue): string {
  if (issue.input === undefined) return `is missing; ${allowed(issue)}`;
  if (issue.message.startsWith('received')) return issue.message;
  return `received ${show(issue.input, issue.path)}, ${allowed(issue)}`;
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `only ${typeNames[issue.expected] ?? issue.expected} is allowed`;
    case 'invalid_value':
      return `only one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')} is allowed`;
    case 'too_small':
      if (!isNumeric(issue.origin)) return issue.message;
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum} is allowed`;
    case 'too_big':
      if (!isNumeric(issue.origin)) return issue.message;
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum} is allowed`;
    default:
      return issue.message;
  }
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
