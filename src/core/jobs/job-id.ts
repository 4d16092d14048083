import type { Random } from '../random.ts';

/** Ids of later jobs sort first: the time is subtracted from this, the largest 13-digit number. */
const latestMs = 9_999_999_999_999;

const jobIdPattern = /^job_\d{13}[0-9a-f]{32}$/;

/** Makes a job's id: newest first by key, unguessable by its 128 random bits. */
export function makeJobId(nowMs: number, random: Random): string {
  return `job_${String(latestMs - Math.trunc(nowMs)).padStart(13, '0')}${random.hex(16)}`;
}

/** The bound behind which a listing, newest first, shows the jobs created before the moment. */
export function oldestJobIdAfter(beforeMs: number): string {
  return `job_${String(latestMs - Math.trunc(beforeMs)).padStart(13, '0')}${'f'.repeat(32)}`;
}

/** Tells whether a text can be a job's id at all; what cannot is answered like a job that does not exist. */
export function isJobId(text: string): boolean {
  return jobIdPattern.test(text);
}
