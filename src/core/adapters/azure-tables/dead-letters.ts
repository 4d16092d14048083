import { type DeadLetter, type DeadLetters, dayOf } from '../../jobs/dead-letters.ts';
import { type Lane, lanes } from '../../jobs/job.ts';
import type { BoundedTable } from './bounded-table.ts';

/** A partition that no team can have: team ids begin with a letter or digit. */
const partitionKey = '~poison';
const pageSize = 1000;

/** Dead letters as rows of the table `teams`, keyed by day so that counting is one range and a message delivered again is no second letter. */
export class TableDeadLetters implements DeadLetters {
  readonly #table: BoundedTable;

  constructor(table: BoundedTable) {
    this.#table = table;
  }

  async record(letter: DeadLetter): Promise<void> {
    const { lane, atMs, reason, characters, sha256 } = letter;
    await this.#table.put(partitionKey, `${dayKey(atMs)}|${lane}|${sha256}`, { lane, atMs, reason, characters });
  }

  async countSince(sinceMs: number): Promise<Readonly<Record<Lane, number>>> {
    const counts: Record<Lane, number> = { interactive: 0, standard: 0, bulk: 0 };
    const range = { from: dayKey(sinceMs), to: '~' };
    for await (const page of this.#table.pages({ partitionKey, range, select: ['lane', 'atMs'] }, pageSize)) {
      for (const row of page.rows) {
        if (Number(row.columns['atMs']) < sinceMs) continue;
        const lane = lanes.find((name) => name === row.columns['lane']);
        if (lane !== undefined) counts[lane] += 1;
      }
    }
    return counts;
  }
}

function dayKey(atMs: number): string {
  return String(dayOf(atMs)).padStart(13, '0');
}
