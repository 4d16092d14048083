import type { Budget } from '../budgets/budget.ts';
import type { Clock } from '../clock.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Random } from '../random.ts';
import type { Versioned } from '../versioned.ts';
import type { BudgetReading } from './recover-budget.ts';
import { decideBatch, PendingOrder, type TeamOrder, type TeamOrderResult, takeBatch } from './team-batch.ts';

/** Reads the budget that the next transaction changes; `version` is null when there is no row yet. */
export type BudgetReader = (team: string, period: string) => Promise<BudgetReading>;

/**
 * Writes what touches a team's money: one writer per team and process gathers what has arrived while its last transaction
 * was under way and applies it in one, so that the team's single budget row does not limit a busy team.
 */
export class TeamWriter {
  readonly #store: JobStore;
  readonly #readBudget: BudgetReader;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting = new Map<string, PendingOrder[]>();
  readonly #budgets = new Map<string, Versioned<Budget>>();

  constructor(ports: { store: JobStore; readBudget: BudgetReader; clock: Clock; random: Random }) {
    this.#store = ports.store;
    this.#readBudget = ports.readBudget;
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  /** Resolves when the order's transaction is through, or with why it is not. Throws StorageUnavailableError. */
  submit(team: string, order: TeamOrder): Promise<TeamOrderResult> {
    const line = `${team}|${order.period}`;
    return new Promise((resolve, reject) => {
      const pending = new PendingOrder(order, { resolve, reject });
      const waiting = this.#waiting.get(line);
      if (waiting !== undefined) {
        waiting.push(pending);
        return;
      }
      this.#waiting.set(line, [pending]);
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
        const open = batch.filter((entry) => !entry.isSettled);
        await this.#writeSingly(line, team, period, open, error);
      }
    }
  }

  /** One order that cannot be written must not take the others with it; storage that is away takes all. */
  async #writeSingly(line: string, team: string, period: string, batch: PendingOrder[], error: unknown): Promise<void> {
    for (const entry of batch) {
      if (batch.length === 1 || error instanceof StorageUnavailableError) entry.reject(error);
      else await this.#write(line, team, period, [entry]).catch((reason: unknown) => entry.reject(reason));
    }
  }

  async #write(line: string, team: string, period: string, batch: PendingOrder[]): Promise<void> {
    let open = batch;
    for (let tries = 0; open.length > 0; tries += 1) {
      const known = this.#budgets.get(line);
      const before = known ?? (await this.#readBudget(team, period));
      if (before.version !== null) this.#budgets.set(line, { value: before.value, version: before.version });
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
}
