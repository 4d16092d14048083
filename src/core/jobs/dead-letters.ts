import type { Lane } from './job.ts';

/** A message that could not be read as a pointer to a job. Its text is not kept: anyone may have put anything into it. */
export interface DeadLetter {
  readonly lane: Lane;
  readonly atMs: number;
  readonly reason: string;
  readonly characters: number;
  readonly sha256: string;
}

/** Port: where unreadable messages are on record, so that they are seen and do not come back. */
export interface DeadLetters {
  /** Keeps the letter; the same message recorded again on the same UTC day is one letter, of the later time. */
  record(letter: DeadLetter): Promise<void>;
  /** Letters by lane since `sinceMs`. */
  countSince(sinceMs: number): Promise<Readonly<Record<Lane, number>>>;
}

const dayMs = 24 * 3600_000;

/** When the UTC day of a moment began; both in milliseconds. */
export function dayOf(atMs: number): number {
  return Math.max(0, Math.floor(atMs / dayMs) * dayMs);
}
