import { type DeadLetter, type DeadLetters, dayOf } from '../../jobs/dead-letters.ts';
import type { Lane } from '../../jobs/job.ts';

/** Dead letters of one process, for tests and simulations. */
export class MemoryDeadLetters implements DeadLetters {
  readonly letters = new Map<string, DeadLetter>();

  async record(letter: DeadLetter): Promise<void> {
    this.letters.set(`${dayOf(letter.atMs)}|${letter.lane}|${letter.sha256}`, letter);
  }

  async countSince(sinceMs: number): Promise<Readonly<Record<Lane, number>>> {
    const counts: Record<Lane, number> = { interactive: 0, standard: 0, bulk: 0 };
    for (const letter of this.letters.values()) if (letter.atMs >= sinceMs) counts[letter.lane] += 1;
    return counts;
  }
}
