import type { Clock } from '../../src/core/clock.ts';
import type { Upstream, UpstreamFault, UpstreamOutcome, UpstreamRequest } from '../../src/core/routing/upstream.ts';

/** What the next call of a deployment comes to: an outcome at once, or what a function makes of the call. */
type CallScriptFunction = (request: UpstreamRequest, signal: AbortSignal) => Promise<UpstreamOutcome>;
export type CallScript = UpstreamOutcome | CallScriptFunction;

/** An upstream whose every call a test has scripted; unscripted ones succeed. Remembers what it was asked. */
export class ScriptedUpstream implements Upstream {
  readonly calls: UpstreamRequest[] = [];
  readonly #scripts = new Map<string, CallScript[]>();
  #inFlight = 0;
  /** Most calls of one job under way at the same time. */
  mostAtOnce = 0;

  /** Queues outcomes for a deployment; `*` is for calls of any deployment that has none of its own. */
  script(deployment: string, ...scripts: readonly CallScript[]): void {
    this.#scripts.set(deployment, [...(this.#scripts.get(deployment) ?? []), ...scripts]);
  }

  /** What getting ready comes to, per deployment; all are ready unless a test says otherwise. */
  prepare: Upstream['prepare'] = async () => true;

  async call(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome> {
    this.calls.push(request);
    this.#inFlight += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#inFlight);
    try {
      const own = this.#scripts.get(request.deployment.name)?.shift();
      const script = own ?? this.#scripts.get('*')?.shift() ?? answer();
      return typeof script === 'function' ? await script(request, signal) : script;
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** A chat answer that reports usage. */
export function answer(
  content = 'A weir is a low dam.',
  latencyMs = 0,
  headers: Readonly<Record<string, string>> = {},
): UpstreamOutcome {
  const body = {
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
  };
  return answered(200, body, headers, latencyMs);
}

/** An error in Azure's shape. */
export function refusal(
  statusCode: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): UpstreamOutcome {
  return answered(statusCode, { error: { code, message: `Refused with ${statusCode}.` } }, headers, 0);
}

/** No answer. */
export function fault(fault: UpstreamFault, sent: boolean): UpstreamOutcome {
  return { kind: 'unanswered', fault, sent, statusCode: null, latencyMs: 0 };
}

/** Answers after `durationMs`, or ends as aborted when the call is cut before. */
export function answerAfter(clock: Clock, durationMs: number, outcome: UpstreamOutcome = answer()): CallScriptFunction {
  return async (_request, signal) => {
    const startedAtMs = clock.now();
    await clock.sleep(durationMs, signal);
    const latencyMs = clock.now() - startedAtMs;
    if (signal.aborted) return { ...aborted, latencyMs };
    return { ...outcome, latencyMs };
  };
}

/** Never answers until the call is cut. */
export function hang(): CallScriptFunction {
  return (_request, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve(aborted);
      signal.addEventListener('abort', () => resolve(aborted), { once: true });
    });
}

const aborted: UpstreamOutcome = { kind: 'unanswered', fault: 'aborted', sent: true, statusCode: null, latencyMs: 0 };

function answered(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  latencyMs: number,
): UpstreamOutcome {
  const text = JSON.stringify(body);
  return {
    kind: 'answered',
    statusCode,
    headers,
    requestId: 'request-1',
    body,
    text,
    firstByteMs: latencyMs,
    latencyMs,
  };
}
