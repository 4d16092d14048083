import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Drain } from './drain.ts';

/** An outage refuses everybody: one line of it a minute says as much as a thousand. */
const quietMs = 60_000;

/** An answer with 5xx: its error code, and the route as registered, such as `POST /jobs`. */
export interface Unserved {
  readonly code: string;
  readonly route: string;
}

interface Count {
  requests: number;
  readonly routes: Set<string>;
}

/**
 * Tells operators of requests that this process answered with 5xx: of the first of a code at once, of those after it once a
 * minute, with how many there were. Never of whose they were or what they held.
 */
export class UnservedRequests {
  readonly #parts: { readonly clock: Clock; readonly telemetry: Telemetry; readonly drain: Drain };
  /** By code, for a minute after it was told: what has come since. */
  readonly #untold = new Map<string, Count>();

  constructor(parts: { readonly clock: Clock; readonly telemetry: Telemetry; readonly drain: Drain }) {
    this.#parts = parts;
  }

  /** Counts one; waits for nothing. */
  note({ code, route }: Unserved): void {
    const untold = this.#untold.get(code);
    if (untold === undefined) {
      this.#tell(code, { requests: 1, routes: new Set([route]) });
      void this.#tellLater(code);
      return;
    }
    untold.requests += 1;
    untold.routes.add(route);
  }

  /** Each minute until one passes without any; when the process stops at once, and then no more. */
  async #tellLater(code: string): Promise<void> {
    const { clock, drain } = this.#parts;
    for (;;) {
      const untold: Count = { requests: 0, routes: new Set() };
      this.#untold.set(code, untold);
      await clock.sleep(quietMs, drain.waits);
      if (untold.requests > 0) this.#tell(code, untold);
      if (drain.isDraining) return;
      if (untold.requests === 0) break;
    }
    this.#untold.delete(code);
  }

  #tell(code: string, { requests, routes }: Count): void {
    this.#parts.telemetry.track({
      type: 'notice',
      atMs: this.#parts.clock.now(),
      level: 'warning',
      name: 'request_not_served',
      message: `${requests === 1 ? 'A request was' : `${requests} requests were`} answered ${code}; more are told in a minute.`,
      fields: { code, route: [...routes].sort().join(', '), requests },
    });
  }
}
