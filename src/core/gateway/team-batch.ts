import type { Budget } from '../budgets/budget.ts';
import type { HoldDecision } from '../budgets/hold-money.ts';
import { countRows, type TeamChange } from '../jobs/job-store.ts';

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

/** An order that waits for its transaction. What has its answer is never written again, whatever becomes of its batch. */
export class PendingOrder {
  readonly order: TeamOrder;
  readonly #resolve: (result: TeamOrderResult) => void;
  readonly #reject: (error: unknown) => void;
  #isSettled = false;

  constructor(order: TeamOrder, answer: Pick<PromiseWithResolvers<TeamOrderResult>, 'resolve' | 'reject'>) {
    this.order = order;
    this.#resolve = answer.resolve;
    this.#reject = answer.reject;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(result: TeamOrderResult): void {
    this.#isSettled = true;
    this.#resolve(result);
  }

  reject(error: unknown): void {
    this.#isSettled = true;
    this.#reject(error);
  }
}

/** A transaction holds 100 rows and 4 MiB; one row is the budget's, and JSON escapes cost a margin. */
const maxRows = 99;
const maxCharacters = 700_000;

/** Takes from the front what fits one transaction and leaves what would write a row twice for the next. */
export function takeBatch(waiting: PendingOrder[]): PendingOrder[] {
  const batch: PendingOrder[] = [];
  const left: PendingOrder[] = [];
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
  const erased = change.kind === 'end' ? (change.erase?.keySha256 ?? null) : null;
  const key = change.kind === 'accept' ? change.job.idempotencyKeySha256 : erased;
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
  readonly accepted: PendingOrder[];
  readonly refused: {
    readonly entry: PendingOrder;
    readonly decision: Extract<MoneyDecision, { outcome: 'refused' }>;
  }[];
}

/** Applies the orders' money one after the other; who does not fit is left out, who comes later may still fit. */
export function decideBatch(batch: readonly PendingOrder[], before: Budget): DecidedBatch {
  const accepted: PendingOrder[] = [];
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
