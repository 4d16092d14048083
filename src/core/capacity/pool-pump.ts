import type { News } from './apply-news.ts';
import type { BookingRequest, BookingResult, WaitReason } from './capacity.ts';
import { type CommitName, settleTries } from './commit-trail.ts';
import { type BatchDecision, decideBookings } from './decide-bookings.ts';
import type { DecisionInput } from './decision.ts';
import { hasLongLine, isOnlyOne } from './lane-line.ts';
import { type PendingNews, pend, settleNews, undoneIfApplied } from './pending-news.ts';
import { PoolAccess, type PoolRead } from './pool-access.ts';
import { countCommit, firstPace, intervalMs } from './pump-interval.ts';
import type { PumpPorts } from './pump-ports.ts';
import type { RowTime } from './row-time.ts';
import { WaitingNews } from './waiting-news.ts';

/** A caller and its request; `askAtMs` is when it is worth asking for it (again). */
interface Caller {
  request: BookingRequest;
  readonly sinceMs: number;
  askAtMs: number;
  readonly resolve: (result: BookingResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A try whose answer got lost, and how many callers it was for. */
interface UnclearTry {
  readonly name: CommitName;
  readonly asked: number;
  readonly read: PoolRead;
  readonly decision: BatchDecision;
}

/** A batch on its way into the row: who asked, what is told, and the tries without an answer that may still happen. */
interface Flight {
  readonly callers: Caller[];
  news: PendingNews[];
  unclear: readonly UnclearTry[];
}

/** Waits up to this long stay in the pump and ride on its next commits; longer ones go back to the caller. */
const NEAR_MS = 2500;
/** A caller is never kept longer than this, however near each turn seemed. */
const LONGEST_SIT_MS = 8000;
/** A booking that is later than this when it is answered would be sent in another slice of the limiter. */
const LATE_ANSWER_MS = 30;
/** A team's own limit lets a job ask three seconds before its turn: in a pool that has room, asking more often only costs operations. */
const OWN_LINE_MS = 1000;
/** Commits that are tried for one batch before its callers are told to wait. */
const MOST_TRIES = 8;
const FIRST_BACKOFF_MS = 15;
const MOST_BACKOFF_MS = 800;
/** Callers of one batch: bounds the time of a decision and, with their teams, the rows of a commit. */
const MOST_CALLERS = 80;
/** Who asks for a model without a pool is told to come back after this. */
const NO_POOL_MS = 60_000;

/**
 * One pool's pump: single flight. It gathers callers for some milliseconds, reads the pool once, decides for all of them and
 * writes once, conditionally; who loses the write decides again on what the winner left.
 */
export class PoolPump {
  readonly #access: PoolAccess;
  readonly #ports: PumpPorts;
  readonly #time: RowTime;
  #callers: Caller[] = [];
  readonly #news = new WaitingNews();
  #isRunning = false;
  #pace = firstPace;
  #isInteractiveDemoted = false;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #sleep: AbortController | null = null;

  constructor(model: string, ports: PumpPorts, time: RowTime) {
    this.#access = new PoolAccess(model, ports, time);
    this.#ports = ports;
    this.#time = time;
  }

  book(request: BookingRequest): Promise<BookingResult> {
    const { promise, resolve, reject } = Promise.withResolvers<BookingResult>();
    const now = this.#ports.clock.now();
    // A test's own needs are no measure for the batch that it shares.
    if (request.claimMs !== undefined && request.only === undefined) this.#access.claimMs = request.claimMs;
    this.#callers.push({ request, sinceMs: now, askAtMs: now, resolve, reject });
    this.#stir();
    return promise;
  }

  /** Hands in news for the next commit; urgent news makes one. */
  tell(news: News, isUrgent = false): void {
    this.#news.add(pend(news, isUrgent), this.#ports.clock.now());
    this.#stir();
  }

  /** The pool as last read, at most a second old; null when the model has no pool. */
  look(): Promise<DecisionInput | null> {
    return this.#access.look();
  }

  /** The newest state this process has seen, however old. */
  get lastSeen(): DecisionInput | null {
    return this.#access.lastSeen;
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
      const ownMs = this.#isInOwnLine(request) ? Math.max(calmMs, this.#lastEndMs + OWN_LINE_MS) : calmMs;
      nextMs = Math.min(
        nextMs,
        Math.max(askAtMs, this.#isUrgent(request) || this.#isSparse(request) ? quickMs : ownMs),
      );
    }
    return Math.min(nextMs, this.#news.nextAtMs(quickMs, calmMs));
  }

  /** A team's flood of interactive work that is paced waits like a backlog; what failed elsewhere, or tests a deployment, does not. */
  #isUrgent({ urgent, lane, team, exclude, only }: BookingRequest): boolean {
    const line = this.lastSeen?.state.line.lanes.interactive;
    if (lane !== 'interactive' || !this.#isInteractiveDemoted || line === undefined) return urgent;
    return urgent && (exclude.length > 0 || only !== undefined || !hasLongLine(line, team));
  }

  /** All that its team had in line when last seen: it may go at once, and there are few of them. */
  #isSparse({ ticket, lane, team }: BookingRequest): boolean {
    const seen = this.lastSeen;
    if (seen === null || this.#isInOwnLine({ team })) return false;
    return isOnlyOne(seen.state.line.lanes[lane], team, ticket);
  }

  /** Its team has a limit of its own and work in line. */
  #isInOwnLine({ team }: Pick<BookingRequest, 'team'>): boolean {
    return this.lastSeen?.state.line.teams[team] !== undefined;
  }

  async #flush(): Promise<void> {
    const flight: Flight = { callers: [], news: [], unclear: [] };
    try {
      for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
        // Who came while the last try was on its way is decided with this one.
        flight.callers.push(...this.#takeCallers(MOST_CALLERS - flight.callers.length));
        flight.news.push(...this.#news.take(flight.news));
        const isDone = await this.#tryOnce(flight);
        if (isDone) {
          this.#news.markTold();
          return;
        }
        const most = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
        await this.#ports.clock.sleep(this.#ports.random.next() * most);
      }
    } catch (error) {
      for (const caller of flight.callers) caller.reject(error);
      this.#news.putBack([...flight.news, ...undoneBy(flight)], this.#ports.clock.now());
      return;
    }
    this.#news.putBack([...flight.news, ...undoneBy(flight)], this.#ports.clock.now());
    for (const caller of flight.callers) this.#putOff(caller, 300 + this.#ports.random.next() * 1200, 'contention');
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
  async #tryOnce(flight: Flight): Promise<boolean> {
    const read = await this.#access.read();
    if (read === null) {
      // The pool has left the configuration: it may come back, and what was reported about it is of no use to anybody.
      for (const caller of flight.callers) this.#putOff(caller, NO_POOL_MS, 'paused');
      return true;
    }
    const { input, decoded } = read;
    const trail = input.state.line.commits;
    flight.news = settleNews(flight.news, trail);
    this.#settleUnclear(flight, trail);
    const requests = flight.callers.map(({ request }) => request);
    const told = flight.news.filter(({ ifApplied }) => ifApplied === undefined);
    const decision = decideBookings({ ...input, requests, news: told.map(({ news }) => news) });
    // A commit that may still happen cannot any more once this one has.
    const isAnyOpen = flight.unclear.length > 0 || told.length < flight.news.length;
    const isWritten = decision.hasNews || decoded.damaged.length > 0 || isAnyOpen;
    if (isWritten && !(await this.#commit(flight, read, decision))) return false;
    this.#pace = { ...this.#pace, hasWritten: isWritten };
    this.#answer(flight.callers, decision);
    return true;
  }

  /** A try of before whose answer got lost may have happened all the same: then its callers have their bookings. */
  #settleUnclear(flight: Flight, trail: readonly string[]): void {
    const { applied, open } = settleTries(flight.unclear, trail);
    flight.unclear = open;
    if (applied === null) return;
    this.#access.tellOf(applied.read, applied.decision);
    this.#answer(flight.callers.splice(0, applied.asked), applied.decision);
  }

  async #commit(flight: Flight, read: PoolRead, decision: BatchDecision): Promise<boolean> {
    const name = this.#access.nameCommit(read);
    const told = flight.news;
    // Until an answer is there, nobody knows.
    flight.news = told.map((item) => ({ ...item, tries: [...item.tries, name] }));
    const open = flight.unclear;
    flight.unclear = [...open, { name, asked: flight.callers.length, read, decision }];
    const outcome = await this.#access.commit(read, decision, name);
    this.#pace = countCommit(this.#pace, outcome !== 'committed');
    if (outcome === 'unclear') return false;
    flight.unclear = open;
    flight.news = told;
    return outcome === 'committed';
  }

  #answer(batch: readonly Caller[], { results, backlogMs, isInteractiveDemoted }: BatchDecision): void {
    this.#isInteractiveDemoted = isInteractiveDemoted;
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
    this.tell({ kind: 'released', booking: result.booking });
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
}

/** What a flight that ends without an answer leaves to be given back, should one of its tries have happened. */
function undoneBy({ unclear, callers }: Flight): PendingNews[] {
  return unclear.flatMap(({ name, asked, decision }) => {
    const requests = callers.slice(0, asked).map(({ request }) => request);
    return undoneIfApplied(name, requests, decision.results);
  });
}
