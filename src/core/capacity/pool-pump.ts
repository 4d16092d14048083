import type { News } from './apply-news.ts';
import type { BookingRequest, BookingResult, WaitReason } from './capacity.ts';
import type { StoredPoolRow } from './capacity-store.ts';
import { type BatchDecision, decideBookings } from './decide-bookings.ts';
import type { DecisionInput } from './decision.ts';
import { findHealthNotices, type HealthNotice } from './find-health-notices.ts';
import { isOnlyOne } from './lane-line.ts';
import { changesOf } from './pool-changes.ts';
import { decodePool } from './pool-rows.ts';
import { countCommit, firstPace, intervalMs } from './pump-interval.ts';
import type { PumpPorts } from './pump-ports.ts';
import type { RowTime } from './row-time.ts';

/** A caller and its request; `askAtMs` is when it is worth asking for it (again). */
interface Caller {
  request: BookingRequest;
  readonly sinceMs: number;
  askAtMs: number;
  readonly resolve: (result: BookingResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Waits up to this long stay in the pump and ride on its next commits; longer ones go back to the caller. */
const NEAR_MS = 2500;
/** A caller is never kept longer than this, however near each turn seemed. */
const LONGEST_SIT_MS = 8000;
/** A booking that is later than this when it is answered would be sent in another slice of the limiter. */
const LATE_ANSWER_MS = 30;
/** Commits that are tried for one batch before its callers are told to wait. */
const MOST_TRIES = 8;
const FIRST_BACKOFF_MS = 15;
const MOST_BACKOFF_MS = 800;
/** News without a booking to ride on is committed after this. */
const NEWS_PATIENCE_MS = 4000;
/** Bad news waits this long for the booking that follows it, so that a failover costs one commit. */
const URGENT_NEWS_PATIENCE_MS = 5;
/** Callers of one batch: bounds the time of a decision and, with their teams, the rows of a commit. */
const MOST_CALLERS = 80;
/** News kept while the store is away; the oldest is forgotten first: what is not released passes within a minute. */
const MOST_NEWS = 5000;
/** Who asks for a model without a pool is told to come back after this. */
const NO_POOL_MS = 60_000;
/** A read this young answers questions about the line. */
const FRESH_MS = 1000;
/** Weight of the newest commit in the moving round-trip time. */
const LEAD_WEIGHT = 0.2;

/**
 * One pool's pump: single flight. It gathers callers for some milliseconds, reads the pool once, decides for all of them and
 * writes once, conditionally; who loses the write decides again on what the winner left.
 */
export class PoolPump {
  readonly #model: string;
  readonly #ports: PumpPorts;
  readonly #time: RowTime;
  #callers: Caller[] = [];
  #news: News[] = [];
  #newsSinceMs = 0;
  #isNewsUrgent = false;
  #newsUrgentAtMs = 0;
  #isRunning = false;
  #pace = firstPace;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #leadMs = 15;
  #claimMs = 0;
  #sleep: AbortController | null = null;
  #cached: { input: DecisionInput; atMs: number } | null = null;
  #reading: Promise<DecisionInput | null> | null = null;

  constructor(model: string, ports: PumpPorts, time: RowTime) {
    this.#model = model;
    this.#ports = ports;
    this.#time = time;
  }

  book(request: BookingRequest): Promise<BookingResult> {
    const { promise, resolve, reject } = Promise.withResolvers<BookingResult>();
    const now = this.#ports.clock.now();
    if (request.claimMs !== undefined) this.#claimMs = request.claimMs;
    this.#callers.push({ request, sinceMs: now, askAtMs: now, resolve, reject });
    this.#stir();
    return promise;
  }

  /** Hands in news for the next commit; urgent news makes one. */
  tell(news: News, isUrgent: boolean): void {
    if (this.#news.length === 0) this.#newsSinceMs = this.#ports.clock.now();
    this.#news.push(news);
    if (this.#news.length > MOST_NEWS) this.#news.shift();
    if (isUrgent && !this.#isNewsUrgent) {
      this.#isNewsUrgent = true;
      this.#newsUrgentAtMs = this.#ports.clock.now() + URGENT_NEWS_PATIENCE_MS;
    }
    this.#stir();
  }

  /** The pool as last read, at most a second old; null when the model has no pool. */
  async look(): Promise<DecisionInput | null> {
    const { clock } = this.#ports;
    if (this.#cached !== null && clock.now() - this.#cached.atMs < FRESH_MS) return this.#at(this.#cached.input);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    const input = await this.#reading;
    return input === null ? null : this.#at(input);
  }

  /** The newest state this process has seen, however old. */
  get lastSeen(): DecisionInput | null {
    return this.#cached?.input ?? null;
  }

  #at(input: DecisionInput): DecisionInput {
    return { ...input, nowMs: this.#time.toRow(this.#ports.clock.now()) };
  }

  async #read(): Promise<DecisionInput | null> {
    return (await this.#readRows())?.input ?? null;
  }

  async #readRows(): Promise<{ rows: readonly StoredPoolRow[]; input: DecisionInput; isDamaged: boolean } | null> {
    const limits = this.#ports.limits(this.#model);
    if (limits === null) return null;
    const rows = await this.#ports.store.readPool(this.#model);
    const now = this.#ports.clock.now();
    const nowMs = this.#time.toRow(now);
    const { state, damaged } = decodePool(rows, limits, nowMs);
    for (const key of damaged) {
      const message = `Row ${key} is rebuilt from safe assumptions.`;
      this.#notice({ name: 'capacity_row_damaged', level: 'warning', message, fields: { model: this.#model } });
    }
    const input = { state, limits, health: this.#ports.health, nowMs, leadMs: this.#leadMs, claimMs: this.#claimMs };
    this.#cached = { input, atMs: now };
    return { rows, input, isDamaged: damaged.length > 0 };
  }

  #stir(): void {
    if (this.#isRunning) this.#sleep?.abort();
    else void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Callers of one moment share the first commit.
    await Promise.resolve();
    for (;;) {
      const waitMs = this.#nextAtMs() - this.#ports.clock.now();
      if (waitMs === Number.POSITIVE_INFINITY) break;
      if (waitMs > 0) {
        this.#sleep = new AbortController();
        await this.#ports.clock.sleep(waitMs, this.#sleep.signal);
        this.#sleep = null;
        continue;
      }
      await this.#flush();
      this.#lastEndMs = this.#ports.clock.now();
    }
    this.#isRunning = false;
  }

  /** When the next batch goes: urgent work after contention's pause only, the rest when a turn is near and the interval is over. */
  #nextAtMs(): number {
    const quickMs = this.#lastEndMs + intervalMs(this.#pace, true);
    const newcomers = this.#callers.reduce((count, { request }) => count + Number(request.ticket === null), 0);
    const calmMs = this.#lastEndMs + intervalMs(this.#pace, false, newcomers);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { request, askAtMs } of this.#callers) {
      nextMs = Math.min(nextMs, Math.max(askAtMs, request.urgent || this.#isSparse(request) ? quickMs : calmMs));
    }
    if (this.#news.length === 0) return nextMs;
    const newsAtMs = this.#isNewsUrgent
      ? Math.max(quickMs, this.#newsUrgentAtMs)
      : Math.max(calmMs, this.#newsSinceMs + NEWS_PATIENCE_MS);
    return Math.min(nextMs, newsAtMs);
  }

  /** All that its team had in line when last seen: it may go at once, and there are few of them. */
  #isSparse({ ticket, lane, team }: BookingRequest): boolean {
    return this.#cached !== null && isOnlyOne(this.#cached.input.state.line.lanes[lane], team, ticket);
  }

  async #flush(): Promise<void> {
    const batch: Caller[] = [];
    const news: News[] = [];
    try {
      for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
        // Who came while the last try was on its way is decided with this one.
        batch.push(...this.#takeCallers(MOST_CALLERS - batch.length));
        news.push(...this.#news.splice(0));
        this.#isNewsUrgent = false;
        const isDone = await this.#tryOnce(batch, news);
        if (isDone) return;
        const most = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
        await this.#ports.clock.sleep(this.#ports.random.next() * most);
      }
    } catch (error) {
      for (const caller of batch) caller.reject(error);
      this.#keepNews(news);
      return;
    }
    this.#keepNews(news);
    for (const caller of batch) this.#putOff(caller, 300 + this.#ports.random.next() * 1200, 'contention');
  }

  #putOff({ request, resolve }: Caller, waitMs: number, reason: WaitReason): void {
    resolve({ outcome: 'wait', untilMs: this.#ports.clock.now() + waitMs, ticket: request.ticket, reason });
  }

  /** The most urgent callers, then those whose turn is nearest. */
  #takeCallers(most: number): Caller[] {
    this.#callers.sort(
      (left, right) => Number(right.request.urgent) - Number(left.request.urgent) || left.askAtMs - right.askAtMs,
    );
    return this.#callers.splice(0, Math.max(0, most));
  }

  /** One read, one decision, one conditional write; false when somebody else was faster. */
  async #tryOnce(batch: readonly Caller[], news: readonly News[]): Promise<boolean> {
    const understood = await this.#readRows();
    if (understood === null) {
      // The pool has left the configuration: it may come back, and what was reported about it is of no use to anybody.
      for (const caller of batch) this.#putOff(caller, NO_POOL_MS, 'paused');
      return true;
    }
    const { rows } = understood;
    const decision = decideBookings({ ...understood.input, requests: batch.map(({ request }) => request), news });
    if (decision.hasNews || understood.isDamaged) {
      const sentMs = this.#ports.clock.now();
      const commit = await this.#ports.store.commit(this.#model, changesOf(rows, decision));
      const answeredMs = this.#ports.clock.now();
      this.#pace = countCommit(this.#pace, commit.outcome === 'lost');
      if (commit.outcome === 'lost') return false;
      this.#leadMs = Math.min(200, this.#leadMs * (1 - LEAD_WEIGHT) + (answeredMs - sentMs) * LEAD_WEIGHT);
      this.#time.learn(commit.storeTimeMs, sentMs, answeredMs);
      const notices = findHealthNotices(understood.input, understood.input.state, decision.state);
      for (const notice of notices) this.#notice(notice);
      this.#cached = { input: { ...understood.input, state: decision.state }, atMs: answeredMs };
    }
    this.#answer(batch, decision);
    return true;
  }

  #answer(batch: readonly Caller[], { results, backlogMs }: BatchDecision): void {
    const now = this.#ports.clock.now();
    let isAnyoneWaiting = false;
    for (const [index, caller] of batch.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      if (result.outcome === 'booked') {
        const sendAtMs = Math.ceil(this.#time.toClock(result.booking.sendAtMs));
        if (now - sendAtMs > LATE_ANSWER_MS && now - caller.sinceMs < LONGEST_SIT_MS) {
          this.#bookAnew(caller, result);
          continue;
        }
        caller.resolve({ ...result, booking: { ...result.booking, sendAtMs } });
      } else if (result.outcome === 'never') caller.resolve(result);
      else {
        isAnyoneWaiting = true;
        this.#keepOrAnswer(caller, { ...result, untilMs: Math.ceil(this.#time.toClock(result.untilMs)) }, now);
      }
    }
    this.#pace = { ...this.#pace, backlogMs: isAnyoneWaiting ? backlogMs : null };
  }

  /** A slow write, or a clock that this write has just corrected: by now the booking lies in another slice. */
  #bookAnew(caller: Caller, result: BookingResult & { outcome: 'booked' }): void {
    caller.request = { ...caller.request, ticket: result.ticket, urgent: true };
    this.#callers.push(caller);
    this.#keepNews([{ kind: 'released', booking: result.booking }]);
  }

  #keepOrAnswer(caller: Caller, wait: BookingResult & { outcome: 'wait' }, now: number): void {
    const isNear = wait.untilMs - now <= NEAR_MS && wait.untilMs < caller.request.deadlineAtMs;
    if (!isNear || now - caller.sinceMs > LONGEST_SIT_MS) {
      caller.resolve(wait);
      return;
    }
    caller.request = { ...caller.request, ticket: wait.ticket };
    caller.askAtMs = wait.untilMs;
    this.#callers.push(caller);
  }

  #keepNews(news: readonly News[]): void {
    if (news.length > 0 && this.#news.length === 0) this.#newsSinceMs = this.#ports.clock.now();
    this.#news = [...news, ...this.#news].slice(-MOST_NEWS);
  }

  #notice(notice: Pick<HealthNotice, 'level' | 'message' | 'fields'> & { readonly name: string }): void {
    this.#ports.telemetry.track({ type: 'notice', atMs: this.#ports.clock.now(), ...notice });
  }
}
