import type { Problem } from './describe-issue.ts';
import { WeirError } from './weir-error.ts';

/** Problems that one message names; a body can hold many thousands. */
export const namedProblems = 20;

/** Turns problems into the one 400 that names them all, a sentence each; past twenty it counts the rest, and what was `unnamed` before. */
export function refusalOf(problems: readonly Problem[], unnamed = 0): WeirError {
  const named = problems.slice(0, namedProblems).map((problem) => `${problem.path || 'body'}: ${problem.message}.`);
  const rest = problems.length - named.length + unnamed;
  const message = [...named, ...(rest > 0 ? [`And ${rest} more.`] : [])].join(' ');
  return new WeirError('invalid_request', message, { param: problems[0]?.path || null });
}
