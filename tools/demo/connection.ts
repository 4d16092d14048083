import type { Clock } from '../../src/core/clock.ts';
import { type Reply, readError, readRetryAfterMs, type WeirRequest } from './call-weir.ts';
import type { WeirLocation } from './locate-weir.ts';

export type Answer = Extract<Reply, { kind: 'answered' }>;

/** Nobody could be reached for longer than the run's patience, or the run's time is up. */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError';
}

export interface ConnectionOptions {
  /** Asked anew whenever Weir cannot be reached: a restarted host may listen elsewhere. */
  readonly locate: () => WeirLocation | null;
  readonly call: (baseUrl: string, key: string, request: WeirRequest) => Promise<Reply>;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly deadlineAtMs: number;
  /** Told once when Weir has been away for a moment, and once when it is back. */
  readonly onOutage: (outage: {
    readonly state: 'down' | 'up';
    readonly reason: string;
    readonly forMs: number;
  }) => void;
}

/** A way to Weir that outlives the host. */
export interface Connection {
  /** Resolves with the first answer of the app itself; waits through dead hosts and 5xx; throws GaveUpError. */
  ask(team: string, request: WeirRequest): Promise<Answer>;
  /** Times that Weir went away. */
  outages(): number;
}

const pauseMs = 1000;
const longestPauseMs = 10_000;
// A single 503 is worth a second try, not a message.
const announceAfterMs = 1500;

/** Builds the connection; `patienceMs` bounds one question, `deadlineAtMs` all of them. */
export function createConnection(options: ConnectionOptions): Connection {
  const { clock } = options;
  let downSinceMs: number | null = null;
  let isAnnounced = false;
  let outageCount = 0;

  function noteDown(reason: string): void {
    const nowMs = clock.now();
    downSinceMs ??= nowMs;
    if (isAnnounced || nowMs - downSinceMs < announceAfterMs) return;
    isAnnounced = true;
    outageCount += 1;
    options.onOutage({ state: 'down', reason, forMs: nowMs - downSinceMs });
  }

  function noteUp(): void {
    if (isAnnounced && downSinceMs !== null) {
      options.onOutage({ state: 'up', reason: '', forMs: clock.now() - downSinceMs });
    }
    downSinceMs = null;
    isAnnounced = false;
  }

  function tryOnce(team: string, request: WeirRequest): Promise<Reply> {
    const location = options.locate();
    const key = location?.keys[team];
    if (location !== null && key !== undefined) return options.call(location.baseUrl, key, request);
    return Promise.resolve({ kind: 'unreachable', reason: 'no running Weir is announced' });
  }

  async function ask(team: string, request: WeirRequest): Promise<Answer> {
    const askedAtMs = clock.now();
    for (;;) {
      if (clock.now() >= options.deadlineAtMs) throw new GaveUpError('The time for this run is up.');
      const reply = await tryOnce(team, request);
      const absence = describeAbsence(reply);
      if (reply.kind === 'answered' && absence === null) {
        noteUp();
        return reply;
      }
      const reason = absence ?? 'no answer';
      const triedMs = clock.now() - askedAtMs;
      if (triedMs >= options.patienceMs) {
        throw new GaveUpError(
          `No good answer to ${request.method} within ${Math.round(triedMs / 1000)} s (${reason}).`,
        );
      }
      noteDown(reason);
      const hintMs = reply.kind === 'answered' ? readRetryAfterMs(reply.headers) : null;
      await clock.sleep(Math.min(longestPauseMs, Math.max(pauseMs, hintMs ?? 0)));
    }
  }

  return { ask, outages: () => outageCount };
}

/** Why this reply does not come from a healthy app; null when it does. A bare 404 is a host that has not loaded its app yet. */
function describeAbsence(reply: Reply): string | null {
  if (reply.kind === 'unreachable') return reply.reason;
  if (reply.status >= 500) return `${reply.status} ${readError(reply.body)?.code ?? ''}`.trim();
  return reply.status === 404 && readError(reply.body) === null ? '404 without the app' : null;
}
