import type { PoolCommit, StoredPoolRow } from './capacity-store.ts';
import { type CommitName, extendTrail } from './commit-trail.ts';
import type { BatchDecision } from './decide-bookings.ts';
import type { DecisionInput } from './decision.ts';
import { findHealthNotices, type HealthNotice } from './find-health-notices.ts';
import { changesOf } from './pool-changes.ts';
import { type DecodedPool, decodePool } from './pool-rows.ts';
import type { PoolLine, PoolState } from './pool-state.ts';
import type { PumpPorts } from './pump-ports.ts';
import type { RowTime } from './row-time.ts';

/** A pool as one read found it. */
export interface PoolRead {
  readonly rows: readonly StoredPoolRow[];
  readonly input: DecisionInput;
  readonly decoded: DecodedPool;
}

/** A read this young answers questions about the line. */
const FRESH_MS = 1000;
/** A process tells of a full line this often. */
const FULL_TOLD_MS = 60_000;
/** Weight of the newest commit in the moving round-trip time. */
const LEAD_WEIGHT = 0.2;

/** One process's way to a pool's rows: reads them as a state to decide on, writes decisions, and learns time and delay from both. */
export class PoolAccess {
  /** What claims take in this process at present. */
  claimMs = 0;
  readonly #model: string;
  readonly #ports: PumpPorts;
  readonly #time: RowTime;
  #leadMs = 15;
  #cached: { input: DecisionInput; atMs: number } | null = null;
  #reading: Promise<DecisionInput | null> | null = null;
  /** The pool as last read or written; null until this process has seen it in use. */
  #last: PoolState | null = null;
  /** Commits of this process are named by chance and number: nobody else's has the same name. */
  readonly #nonce: string;
  #fullToldAtMs = Number.NEGATIVE_INFINITY;
  #commits = 0;

  constructor(model: string, ports: PumpPorts, time: RowTime) {
    this.#model = model;
    this.#ports = ports;
    this.#time = time;
    this.#nonce = ports.random.hex(4);
  }

  /** The pool as last read, at most a second old; null when the model has no pool. */
  async look(): Promise<DecisionInput | null> {
    const { clock } = this.#ports;
    if (this.#cached !== null && clock.now() - this.#cached.atMs < FRESH_MS) return this.#at(this.#cached.input);
    this.#reading ??= this.read()
      .then((read) => read?.input ?? null)
      .finally(() => {
        this.#reading = null;
      });
    const input = await this.#reading;
    return input === null ? null : this.#at(input);
  }

  /** The newest state this process has seen, however old. */
  get lastSeen(): DecisionInput | null {
    return this.#cached?.input ?? null;
  }

  /** Reads the pool; null when the model has none. */
  async read(): Promise<PoolRead | null> {
    const limits = this.#ports.limits(this.#model);
    if (limits === null) return null;
    const rows = await this.#ports.store.readPool(this.#model);
    const now = this.#ports.clock.now();
    const nowMs = this.#time.toRow(now);
    const last = this.#last;
    const known = last === null ? {} : { lastDeployments: last.deployments };
    const decoded = decodePool(rows, { limits, nowMs, lastLine: last?.line ?? null, ...known });
    const { state, isLineFull } = decoded;
    if (rows.length > 0) this.#last = state;
    if (isLineFull) this.#tellOfFullLine(state.line);
    const own = { leadMs: this.#leadMs, claimMs: this.claimMs };
    const input = { state, limits, health: this.#ports.health, nowMs, ...own, isLineFull };
    this.#cached = { input, atMs: now };
    return { rows, input, decoded };
  }

  /** A name for the next commit on what was read. */
  nameCommit({ input }: PoolRead): CommitName {
    this.#commits += 1;
    return { id: this.#nonce + this.#commits.toString(36), baseId: input.state.line.commits.at(-1) ?? null };
  }

  /** Writes what was decided on a read, under the name it was given; breakers that it opened or closed and rows that it rebuilt are told of. */
  async commit(
    { rows, input, decoded }: PoolRead,
    decision: BatchDecision,
    name: CommitName,
  ): Promise<PoolCommit['outcome']> {
    const { clock, store } = this.#ports;
    const { line } = decision.state;
    line.commits = extendTrail(line.commits, name.id);
    const sentMs = clock.now();
    const commit = await store.commit(this.#model, changesOf(rows, decoded, decision, input.limits));
    const answeredMs = clock.now();
    if (commit.outcome !== 'committed') return commit.outcome;
    this.#leadMs = Math.min(200, this.#leadMs * (1 - LEAD_WEIGHT) + (answeredMs - sentMs) * LEAD_WEIGHT);
    this.#time.learn(commit.storeTimeMs, sentMs, answeredMs);
    this.#cached = { input: { ...input, state: decision.state }, atMs: answeredMs };
    this.#last = decision.state;
    this.tellOf({ decoded, input }, decision);
    return commit.outcome;
  }

  /** Tells operators what a commit that happened has changed. */
  tellOf({ decoded, input }: Omit<PoolRead, 'rows'>, { state }: BatchDecision): void {
    for (const notice of findHealthNotices(input, input.state, state)) this.#notice(notice);
    for (const key of decoded.damaged) {
      const message = `Row ${key} of ${this.#model} was damaged or gone and is rebuilt from safe assumptions.`;
      const fields = { model: this.#model, row: key };
      this.#notice({ name: 'capacity_row_damaged', level: 'warning', message, fields });
    }
  }

  #tellOfFullLine({ lanes, teams }: PoolLine): void {
    const now = this.#ports.clock.now();
    if (now < this.#fullToldAtMs + FULL_TOLD_MS) return;
    this.#fullToldAtMs = now;
    const names = Object.values(lanes).flatMap(({ finishes }) => Object.keys(finishes));
    const count = new Set([...names, ...Object.keys(teams)]).size;
    const message = `${count} teams stand in the line of ${this.#model}, as many as its row holds: jobs of further teams wait until there are fewer. Serve the model under two names, or raise its quota.`;
    const fields = { model: this.#model, teams: String(count) };
    this.#notice({ name: 'capacity_line_full', level: 'warning', message, fields });
  }

  #at(input: DecisionInput): DecisionInput {
    return { ...input, nowMs: this.#time.toRow(this.#ports.clock.now()) };
  }

  #notice(notice: Pick<HealthNotice, 'level' | 'message' | 'fields'> & { readonly name: string }): void {
    this.#ports.telemetry.track({ type: 'notice', atMs: this.#ports.clock.now(), ...notice });
  }
}
