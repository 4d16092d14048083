import type {
  Booking,
  BookingRequest,
  BookingResult,
  CallReport,
  Capacity,
  DeploymentView,
  LaneView,
  LineForecast,
} from '../capacity/capacity.ts';
import type { Clock } from '../clock.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { findPool } from '../config/find-deployment.ts';

/** Routes by priority and health of this process only; replaced by the pump over the shared ledger. */
export class ProvisionalCapacity implements Capacity {
  readonly #ports: { config: ConfigSource; clock: Clock };
  readonly #coolUntil = new Map<string, number>();
  #made = 0;

  constructor(ports: { config: ConfigSource; clock: Clock }) {
    this.#ports = ports;
  }

  async book(request: BookingRequest): Promise<BookingResult> {
    const now = this.#ports.clock.now();
    const open = this.#deployments(request.model).filter((each) => !each.paused);
    const key = (name: string) => `${request.model}/${name}`;
    const ready = open
      .filter((each) => (this.#coolUntil.get(key(each.name)) ?? 0) <= now)
      .sort(
        (a, b) =>
          Number(request.exclude.includes(a.name)) - Number(request.exclude.includes(b.name)) ||
          a.priority - b.priority,
      );
    const best = ready.filter((each) => each.priority === ready[0]?.priority && !request.exclude.includes(each.name));
    this.#made += 1;
    const chosen = best[this.#made % Math.max(1, best.length)] ?? ready[0];
    if (chosen === undefined) {
      const untilMs = Math.min(...open.map((each) => this.#coolUntil.get(key(each.name)) ?? now + 1000), now + 60_000);
      return { outcome: 'wait', untilMs, ticket: null, reason: 'breaker' };
    }
    const booking: Booking = {
      id: String(this.#made),
      model: request.model,
      team: request.team,
      lane: request.lane,
      enteredAtMs: now,
      deployment: chosen.name,
      sendAtMs: now,
      tokens: request.estimate.inputTokens + request.estimate.outputTokens,
      why: 'priority',
    };
    return { outcome: 'booked', booking, ticket: null };
  }

  release(): void {}

  leave(): void {}

  async lanes(): Promise<readonly LaneView[]> {
    return [];
  }

  report(report: CallReport): void {
    if (report.coolDownMs === null) return;
    this.#coolUntil.set(
      `${report.booking.model}/${report.booking.deployment}`,
      this.#ports.clock.now() + report.coolDownMs,
    );
  }

  async forecast(): Promise<LineForecast | null> {
    return { position: 1, startAtMs: this.#ports.clock.now() };
  }

  async view(model: string): Promise<readonly DeploymentView[]> {
    return this.#deployments(model).map((each) => ({
      deployment: each.name,
      region: each.region,
      health: 'healthy',
      breaker: 'closed',
      breakerReason: null,
      breakerSinceMs: null,
      nextProbeAtMs: null,
      load: 0,
      tokensLastMinute: 0,
      requestsLastMinute: 0,
      tokensRemaining: each.tokensPerMinute,
      requestsRemaining: each.requestsPerMinute,
      tokensPerMinute: each.tokensPerMinute,
      requestsPerMinute: each.requestsPerMinute,
      firstByteMs: null,
      msPerOutputToken: null,
      failoversFrom: 0,
      failoversTo: 0,
    }));
  }

  #deployments(model: string) {
    return findPool(this.#ports.config.current(), model)?.deployments ?? [];
  }
}
