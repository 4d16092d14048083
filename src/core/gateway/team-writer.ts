import type { Budget } from '../budgets/budget.ts';
import type { HoldDecision } from '../budgets/hold-money.ts';
import type { Clock } from '../clock.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import { countRows, type JobStore, type TeamChange } from '../jobs/job-store.ts';
import type { Random } from '../random.ts';
import type { Versioned } from '../versioned.ts';

/** What a change does to the team's budget: the row as it shall be, or a refusal that is told to the caller. */
export type MoneyDecision = HoldDecision;

/** One job's change together with what it means for the budget of `period`. */
export interface TeamOrder {
  readonly change: TeamChange;
  readonly period: string;
  readonly decideMoney: (budget: Budget) => MoneyDecision;
}

export type TeamOrderResult =
  | { readonly outcome: 'applied'; readonly version: string | null }
  | { readonly outcome: 'rejected'; readonly reason: 'duplicate' | 'lost' }
  | Extract<MoneyDecision, { outcome: 'refused' }>;

interface Waiting {
  readonly order: TeamOrder;
  readonly resolve: (result: TeamOrderResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A transaction holds 100 rows and 4 MiB; one row is the budget's, and JSON escapes cost a margin. */
const maxRows = 99;
const maxCharacters = 700_000;

/**
 * Writes what touches a team's money: one writer per team and process gathers what has arrived while its last transaction
 * was under way and applies it in one, so that the team's single budget row does not limit a busy team.
 */
export class TeamWriter {
  readonly #store: JobStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #budgets = new Map<string, Versioned<Budget> | { value: Budget; version: null }>();

  constructor(ports: { store: JobStore; clock: Clock; random: Random }) {
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  /** Resolves when the order's transaction is through, or with why it is not. Throws StorageUnavailableError. */
  submit(team: string, order: TeamOrder): Promise<TeamOrderResult> {
    const line = `${team}|${order.period}`;
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(line);
      if (waiting !== undefined) {
        waiting.push({ order, resolve, reject });
        return;
      }
      this.#waiting.set(line, [{ order, resolve, reject }]);
      void this.#drain(line, team, order.period);
    });
  }

  async #drain(line: string, team: string, period: string): Promise<void> {
    // One turn of the microtask queue gathers what a burst submits at once.
    await Promise.resolve();
    for (;;) {
      const waiting = this.#waiting.get(line);
      if (waiting === undefined || waiting.length === 0) {
        this.#waiting.delete(line);
        return;
      }
      const batch = takeBatch(waiting);
      try {
        await this.#write(line, team, period, batch);
      } catch (error) {
        this.#budgets.delete(line);
        await this.#writeSingly(line, team, period, batch, error);
      }
    }
  }

  /** One order that cannot be written must not take the others with it; storage that is away takes all. */
  async #writeSingly(line: string, team: string, period: string, batch: Waiting[], error: unknown): Promise<void> {
    for (const entry of batch) {
      if (batch.length === 1 || error instanceof StorageUnavailableError) entry.reject(error);
      else await this.#write(line, team, period, [entry]).catch((reason: unknown) => entry.reject(reason));
    }
  }

  async #write(line: string, team: string, period: string, batch: Waiting[]): Promise<void> {
    let open = batch;
    for (let tries = 0; open.length > 0; tries += 1) {
      const known = this.#budgets.get(line);
      const before = known ?? (await this.#readBudget(line, team, period));
      const decided = decideBatch(open, before.value);
      if (decided.refused.length > 0 && known !== undefined) {
        // A refusal is never given on a remembered budget: somebody else may have released money since.
        this.#budgets.delete(line);
        continue;
      }
      for (const { entry, decision } of decided.refused) entry.resolve(decision);
      open = decided.accepted;
      if (open.length === 0) return;
      const result = await this.#store.apply(
        team,
        open.map((entry) => entry.order.change),
        { budget: decided.budget, version: before.version },
      );
      if (result.outcome === 'applied') {
        if (result.budgetVersion !== null)
          this.#budgets.set(line, { value: decided.budget, version: result.budgetVersion });
        open.forEach((entry, index) => {
          entry.resolve({ outcome: 'applied', version: result.versions[index] ?? null });
        });
        return;
      }
      this.#budgets.delete(line);
      if (result.at === 'budget') {
        await this.#clock.sleep(this.#random.next() * Math.min(500, 10 * 2 ** tries));
      } else {
        const loser = open[result.at];
        loser?.resolve({ outcome: 'rejected', reason: result.reason });
        open = open.filter((entry) => entry !== loser);
      }
    }
  }

  async #readBudget(line: string, team: string, period: string): Promise<{ value: Budget; version: string | null }> {
    const read = await this.#store.readBudget(team, period);
    const budget = read ?? { value: { team, period, spentNanoUsd: 0, heldNanoUsd: 0 }, version: null };
    if (read !== null) this.#budgets.set(line, read);
    return budget;
  }
}

/** Takes from the front what fits one transaction and leaves what would write a row twice for the next. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  const left: Waiting[] = [];
  const taken = new Set<string>();
  let rows = 0;
  let characters = 0;
  for (const entry of waiting) {
    const keys = rowKeys(entry.order.change);
    const size = countCharacters(entry.order.change);
    const fits =
      rows + countRows(entry.order.change) <= maxRows && (batch.length === 0 || characters + size <= maxCharacters);
    if (fits && keys.every((key) => !taken.has(key))) {
      batch.push(entry);
      for (const key of keys) taken.add(key);
      rows += countRows(entry.order.change);
      characters += size;
    } else {
      left.push(entry);
    }
  }
  waiting.splice(0, waiting.length, ...left);
  return batch;
}

function rowKeys(change: TeamChange): string[] {
  if (change.kind === 'advance') return [change.live.id];
  const key = change.kind === 'accept' ? change.job.idempotencyKeySha256 : (change.erase?.keySha256 ?? null);
  return key === null ? [change.job.id] : [change.job.id, key];
}

function countCharacters(change: TeamChange): number {
  if (change.kind === 'advance') return JSON.stringify(change.live).length;
  const { request, end } = change.job;
  const response = end?.response?.body;
  return (
    15_000 +
    (request.kind === 'inline' ? request.text.length : 0) +
    (response?.kind === 'inline' ? response.text.length : 0)
  );
}

interface DecidedBatch {
  readonly budget: Budget;
  readonly accepted: Waiting[];
  readonly refused: { readonly entry: Waiting; readonly decision: Extract<MoneyDecision, { outcome: 'refused' }> }[];
}

/** Applies the orders' money one after the other; who does not fit is left out, who comes later may still fit. */
function decideBatch(batch: readonly Waiting[], before: Budget): DecidedBatch {
  const accepted: Waiting[] = [];
  const refused: DecidedBatch['refused'] = [];
  let budget = before;
  for (const entry of batch) {
    const decision = entry.order.decideMoney(budget);
    if (decision.outcome === 'fits') {
      budget = decision.budget;
      accepted.push(entry);
    } else {
      refused.push({ entry, decision });
    }
  }
  return { budget, accepted, refused };
}
