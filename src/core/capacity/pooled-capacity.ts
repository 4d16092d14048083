import type {
  Booking,
  BookingRequest,
  BookingResult,
  CallReport,
  Capacity,
  DeploymentView,
  LaneView,
  LineForecast,
} from './capacity.ts';
import { forecastTurn } from './forecast-turn.ts';
import { PoolPump } from './pool-pump.ts';
import type { PumpPorts } from './pump-ports.ts';
import { RowTime } from './row-time.ts';
import type { RingCharge } from './token-ring.ts';
import { viewDeployments, viewLanes, viewTeam } from './view-pool.ts';

/** Capacity over a shared store: one pump for each pool, one time for all of them. */
export class PooledCapacity implements Capacity {
  readonly #ports: PumpPorts;
  readonly #time = new RowTime();
  readonly #pumps = new Map<string, PoolPump>();

  constructor(ports: PumpPorts) {
    this.#ports = ports;
  }

  book(request: BookingRequest): Promise<BookingResult> {
    return this.#pump(request.model).book(request);
  }

  release(booking: Booking): void {
    this.#pump(booking.model).tell({ kind: 'released', booking });
  }

  report(report: CallReport): void {
    const { booking } = report;
    const pump = this.#pump(booking.model);
    const health = pump.lastSeen?.state.deployments.get(booking.deployment)?.health ?? null;
    // A breaker that is not closed, a bad call or a cool-down: everybody should know before the next booking.
    const isClosed = this.#ports.health.judge(health, this.#time.toRow(report.sentAtMs)).breaker === 'closed';
    const isBad = report.coolDownMs !== null || (report.health !== 'good' && report.health !== 'none');
    const sentAtMs = this.#time.toRow(report.sentAtMs);
    pump.tell({ kind: 'reported', report: { ...report, sentAtMs } }, isBad || !isClosed || report.isTest === true);
  }

  leave(place: Parameters<Capacity['leave']>[0]): void {
    this.#pump(place.model).tell({ kind: 'left', place });
  }

  async forecast(request: Parameters<Capacity['forecast']>[0]): Promise<LineForecast | null> {
    const seen = await this.#pump(request.model).look();
    if (seen === null) return null;
    const { census } = request;
    const inRowTime = census && { census: { ...census, countedAtMs: this.#time.toRow(census.countedAtMs) } };
    const forecast = forecastTurn(seen, { ...request, ...inRowTime });
    if (forecast === null || forecast.startAtMs === null) return forecast;
    return { ...forecast, startAtMs: Math.ceil(this.#time.toClock(forecast.startAtMs)) };
  }

  async view(model: string): Promise<readonly DeploymentView[]> {
    const seen = await this.#pump(model).look();
    return seen === null ? [] : viewDeployments(seen).map((view) => this.#inClockTime(view));
  }

  async lanes(model: string): Promise<readonly LaneView[]> {
    const seen = await this.#pump(model).look();
    return seen === null ? [] : viewLanes(seen);
  }

  async usedBy(team: string, model: string): Promise<RingCharge> {
    const seen = await this.#pump(model).look();
    return seen === null ? { tokens: 0, requests: 0 } : viewTeam(seen, team);
  }

  #inClockTime(view: DeploymentView): DeploymentView {
    const toClock = (rowMs: number | null) => (rowMs === null ? null : Math.ceil(this.#time.toClock(rowMs)));
    const { breakerSinceMs, nextProbeAtMs, heardMs } = view;
    return {
      ...view,
      breakerSinceMs: toClock(breakerSinceMs),
      nextProbeAtMs: toClock(nextProbeAtMs),
      heardMs: Math.floor(this.#time.toClock(heardMs)),
    };
  }

  #pump(model: string): PoolPump {
    const known = this.#pumps.get(model);
    if (known !== undefined) return known;
    const pump = new PoolPump(model, this.#ports, this.#time);
    this.#pumps.set(model, pump);
    return pump;
  }
}
