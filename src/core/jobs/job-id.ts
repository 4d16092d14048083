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

/** When the job of this id was created; null for what is no job's id. */
export function jobTimeMs(id: string): number | null {
  return isJobId(id) ? latestMs - Number(id.slice(4, 17)) : null;
}

/** Width of the spans of time that share the digits `jobIdPrefixes` gives: a quarter of an hour. */
const prefixMs = 1_000_000;

/** Beginnings of the ids of all jobs created in [fromMs, toMs); some neighbours share them. */
export function jobIdPrefixes({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): readonly string[] {
  const last = Math.floor((latestMs - Math.trunc(fromMs)) / prefixMs);
  const first = Math.floor((latestMs - Math.ceil(toMs) + 1) / prefixMs);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => `job_${String(first + index).padStart(7, '0')}`,
  );
}

/** Tells whether a text can be a job's id at all; what cannot is answered like a job that does not exist. */
export function isJobId(text: string): boolean {
  return jobIdPattern.test(text);
}

/** Whether the id is that of a job created in [fromMs, toMs). */
export function isJobOf(span: { readonly fromMs: number; readonly toMs: number }, id: string): boolean {
  const atMs = jobTimeMs(id);
  return atMs !== null && atMs >= span.fromMs && atMs < span.toMs;
}
