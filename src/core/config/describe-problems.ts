import type { z } from 'zod';

/** One thing that is wrong with a document: where, and what is allowed. Never repeats a key. */
export interface ConfigProblem {
  /** Such as `pools[0].deployments[1].endpoint`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Fields in which somebody may have put a secret by mistake: their value is not repeated. */
const secretFields: ReadonlySet<PropertyKey> = new Set(['sha256', 'apiKeySetting', 'audience', 'tenantId']);

/** Puts every problem into one message, a line each, path first. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
}

/** Writes a path the way people read it: `teams[0].keys[1].sha256`; unusual keys are quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = String(part);
    if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${text}[${JSON.stringify(key.slice(0, 80))}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** Translates zod's findings (made with `reportInput`) into problems: what was received, what is allowed. */
export function toProblems(issues: readonly z.core.$ZodIssue[]): readonly ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: formatPath([...issue.path, key]),
        message: 'is not a known field; remove it',
      }));
    }
    return [{ path: formatPath(issue.path), message: explain(issue) }];
  });
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.input === undefined) return `is missing; ${allowed(issue)}`;
  if (issue.code === 'custom' && issue.message.startsWith('received')) return issue.message;
  const isSecret = issue.path.some((part) => secretFields.has(part));
  return `received ${isSecret ? 'something else (not repeated here)' : show(issue.input)}, ${allowed(issue)}`;
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `only ${typeNames[issue.expected] ?? issue.expected} is allowed`;
    case 'invalid_value':
      return `only one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')} is allowed`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `at least ${issue.minimum} is allowed`
        : issue.message;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `at most ${issue.maximum} is allowed`
        : issue.message;
    default:
      return issue.message;
  }
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

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
