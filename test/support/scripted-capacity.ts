import type {
  Booking,
  BookingRequest,
  BookingResult,
  CallReport,
  Capacity,
  DeploymentView,
  LaneView,
  LineForecast,
} from '../../src/core/capacity/capacity.ts';
import type { Clock } from '../../src/core/clock.ts';

/** What the next `book` comes to: a wait, a refusal, or what a function makes of the request. */
export type BookingScript = BookingResult | ((request: BookingRequest) => BookingResult | Promise<BookingResult>);

type Place = Parameters<Capacity['leave']>[0];

/** Capacity as a test scripted it; unscripted bookings are for now, on the first deployment that is not excluded. */
export class ScriptedCapacity implements Capacity {
  readonly requests: BookingRequest[] = [];
  readonly booked: Booking[] = [];
  readonly released: Booking[] = [];
  readonly reports: CallReport[] = [];
  readonly left: Place[] = [];
  /** What `forecast` answers; by default the next to go, now. */
  line: LineForecast | null | undefined;
  readonly #scripts: BookingScript[] = [];
  readonly #clock: Clock;
  readonly #deployments: readonly string[];

  constructor(clock: Clock, deployments: readonly string[]) {
    this.#clock = clock;
    this.#deployments = deployments;
  }

  script(...scripts: readonly BookingScript[]): void {
    this.#scripts.push(...scripts);
  }

  async book(request: BookingRequest): Promise<BookingResult> {
    this.requests.push(request);
    const script = this.#scripts.shift();
    const result = await (typeof script === 'function' ? script(request) : script);
    const settled = result ?? this.bookFor(request, this.#clock.now());
    if (settled.outcome === 'booked') this.booked.push(settled.booking);
    return settled;
  }

  /** A booking for a moment of the test's choice. */
  bookFor(request: BookingRequest, sendAtMs: number): BookingResult {
    const { exclude, model, team, lane } = request;
    const deployment = this.#deployments.find((name) => !exclude.includes(name)) ?? this.#deployments[0] ?? 'none';
    const id = `booking-${this.requests.length}`;
    const rest = {
      model,
      team,
      lane,
      deployment,
      sendAtMs,
      enteredAtMs: sendAtMs,
      tokens: 100,
      mostDelayMs: 250,
      why: 'first',
    };
    return { outcome: 'booked', booking: { id, ...rest }, ticket: request.ticket ?? { start: 1, finish: 2 } };
  }

  release(booking: Booking): void {
    this.released.push(booking);
  }

  report(report: CallReport): void {
    this.reports.push(report);
  }

  leave(place: Place): void {
    this.left.push(place);
  }

  async forecast(): Promise<LineForecast | null> {
    return this.line === undefined ? { position: 1, startAtMs: this.#clock.now() } : this.line;
  }

  async view(): Promise<readonly DeploymentView[]> {
    return this.#deployments.map((deployment) => ({
      deployment,
      region: deployment,
      health: 'healthy',
      breaker: 'closed',
      breakerReason: null,
      breakerSinceMs: null,
      nextProbeAtMs: null,
      load: 0,
      tokensLastMinute: 0,
      requestsLastMinute: 0,
      tokensRemaining: 100_000,
      requestsRemaining: 600,
      tokensPerMinute: 100_000,
      requestsPerMinute: 600,
      firstByteMs: null,
      msPerOutputToken: null,
      heardMs: 0,
      calibration: 1,
      driftCount: 0,
      failoversFrom: 0,
      failoversTo: 0,
    }));
  }

  async lanes(): Promise<readonly LaneView[]> {
    return [];
  }

  async usedBy(): Promise<{ tokens: number; requests: number }> {
    return { tokens: 0, requests: 0 };
  }
}
