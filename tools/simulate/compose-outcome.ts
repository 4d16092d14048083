import type { UpstreamOutcome, UpstreamRequest } from '../../src/core/routing/upstream.ts';
import type { Charge } from './simulated-upstream.ts';

/** What the service does with one call; `charge` is what it puts on its bill for it. */
export type Script = { readonly latencyMs: number; readonly charge: Charge | null } & (
  | { readonly kind: 'answers'; readonly isLong: boolean; readonly isCut: boolean }
  | { readonly kind: 'fails' | 'refuses'; readonly isLong: boolean }
  | { readonly kind: 'throttles'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unreachable' | 'resets' | 'hangs' | 'nonsense' }
);

/** Longer than a table property holds, so that the answer has to become a blob. */
const longText = 'x'.repeat(31_000);

/** A text that tells whose answer it is: no job may ever show another one's. */
export function markOf(jobId: string, attempt: number): string {
  return `answer to ${jobId} in attempt ${attempt}`;
}

/** The call's outcome as the upstream adapter would report it. */
export function composeOutcome(request: UpstreamRequest, script: Script): UpstreamOutcome {
  const { latencyMs } = script;
  switch (script.kind) {
    case 'unreachable':
      return { kind: 'unanswered', fault: 'connect', sent: false, statusCode: null, latencyMs };
    case 'resets':
      return { kind: 'unanswered', fault: 'reset', sent: true, statusCode: null, latencyMs };
    case 'hangs':
      return { kind: 'unanswered', fault: 'first_byte_timeout', sent: true, statusCode: null, latencyMs };
    case 'nonsense':
      return { kind: 'unanswered', fault: 'not_json', sent: true, statusCode: 200, latencyMs };
    case 'throttles': {
      const hint: Record<string, string> =
        script.retryAfterMs === null ? {} : { 'retry-after-ms': String(script.retryAfterMs) };
      return answer(429, refusal('429', 'Rate limit is exceeded.'), latencyMs, hint);
    }
    case 'fails':
      return answer(500, refusal('internal', script.isLong ? longText : 'It failed.'), latencyMs);
    case 'refuses':
      return answer(400, refusal('content_filter', script.isLong ? longText : 'Filtered.'), latencyMs);
    case 'answers':
      return answer(200, completion(request, script), latencyMs);
  }
}

function completion(request: UpstreamRequest, script: Extract<Script, { kind: 'answers' }>): unknown {
  const { charge, isLong, isCut } = script;
  const content = markOf(request.jobId, request.attempt) + (isLong ? longText : '');
  const { inputTokens = 0, outputTokens = 0 } = charge ?? {};
  return {
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: isCut ? 'length' : 'stop' }],
    usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens },
  };
}

function refusal(code: string, message: string): unknown {
  return { error: { code, message, type: 'error' } };
}

function answer(
  statusCode: number,
  body: unknown,
  latencyMs: number,
  headers: Readonly<Record<string, string>> = {},
): UpstreamOutcome {
  const text = JSON.stringify(body);
  return { kind: 'answered', statusCode, headers, requestId: null, body, text, firstByteMs: latencyMs, latencyMs };
}
