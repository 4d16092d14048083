import type { UnservedRequests } from '../../core/gateway/unserved-requests.ts';
import { type ErrorResponse, toErrorResponse } from '../../core/http/error-response.ts';
import { WeirError } from '../../core/http/weir-error.ts';

/** Where operators hear of a failure: the log of the invocation, and the notices of a process that has started. */
export interface Listeners {
  readonly route: string;
  readonly unserved: UnservedRequests | null;
  readonly logError: (text: string) => void;
}

/** The answer to whatever a route threw. A 5xx is no caller's fault: operators are told of it too, and of the stack where nobody foresaw it. */
export function refuse(error: unknown, { route, unserved, logError }: Listeners): ErrorResponse {
  if (!(error instanceof WeirError)) logError(describeFailure(error));
  const response = toErrorResponse(error);
  if (response.status >= 500) unserved?.note({ code: response.body.error.code, route });
  return response;
}

/** Name, message and stack for the log; a syntax error's message repeats what was parsed, so only its place is told. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown failure';
  const stack = error.stack ?? error.message;
  if (!(error instanceof SyntaxError)) return stack;
  return ['SyntaxError', ...stack.split('\n').filter((line) => /^\s+at /.test(line))].join('\n');
}
