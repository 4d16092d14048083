import type { Clock } from '../clock.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { UsageStore } from '../cost/usage-store.ts';
import type { Endpoint } from '../jobs/job.ts';
import { type MeasuredAnswer, selectAnswers } from '../tokens/select-answers.ts';

/** How long a reading of a team's usage is believed. */
const freshMs = 60_000;
/** Newest usage rows of a team that are looked at: one page. */
const rowLimit = 500;

/**
 * What a team's latest answers were like. Read from the usage rows that every process writes anyway, at most once a minute
 * per team and process; nothing is written for it.
 */
export class AnswerHistory {
  readonly #store: UsageStore;
  readonly #clock: Clock;
  readonly #teams = new Map<string, { readonly atMs: number; readonly rows: Promise<readonly UsageRow[]> }>();

  constructor(ports: { store: UsageStore; clock: Clock }) {
    this.#store = ports.store;
    this.#clock = ports.clock;
  }

  /** The answers of one model and endpoint that teach; fails when storage is away. */
  async read(
    team: string,
    of: { readonly model: string; readonly endpoint: Endpoint },
  ): Promise<readonly MeasuredAnswer[]> {
    return selectAnswers(await this.#rowsOf(team), of);
  }

  /** How long a call of one model and endpoint usually takes, whoever capped it; 0 when none is on the accounts. */
  async readCallMs(team: string, of: { readonly model: string; readonly endpoint: Endpoint }): Promise<number> {
    const rows = await this.#rowsOf(team);
    const calls = rows.filter(
      (row) => row.model === of.model && row.endpoint === of.endpoint && row.outcome === 'succeeded',
    );
    const sorted = calls.map(({ latencyMs }) => latencyMs).sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  #rowsOf(team: string): Promise<readonly UsageRow[]> {
    const now = this.#clock.now();
    const known = this.#teams.get(team);
    if (known !== undefined && now >= known.atMs && now - known.atMs < freshMs) return known.rows;
    const rows = this.#store.newest(team, rowLimit);
    const reading = { atMs: now, rows };
    this.#teams.set(team, reading);
    // What failed is read again by whoever asks next.
    rows.catch(() => {
      if (this.#teams.get(team) === reading) this.#teams.delete(team);
    });
    return rows;
  }
}
