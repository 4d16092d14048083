import type { Attempt } from '../jobs/attempt.ts';

/** A job that was told that a deployment, or the operation it asked for, does not exist there. */
interface Miss {
  readonly job: string;
  readonly atMs: number;
}

/** What is known of the operations that a deployment serves. Plain data of its row. */
export interface ServiceRecord {
  /** When each operation was last answered well, by its path. */
  readonly servedMs: Readonly<Record<string, number>>;
  /** Oldest first, at most three, of different jobs. */
  readonly misses: readonly Miss[];
}

/** Nothing known. */
export const noService: ServiceRecord = { servedMs: {}, misses: [] };

/** For so long a good answer proves that the deployment is there, and a miss counts. */
const memoryMs = 5 * 60_000;
/** One job may ask for what does not exist; three that agree are believed. */
const believedMisses = 3;

/** The record after an operation was answered well: the deployment is there. */
export function addService({ servedMs }: ServiceRecord, endpoint: string, now: number): ServiceRecord {
  return { servedMs: { ...servedMs, [endpoint]: now }, misses: [] };
}

/** The record after an operation that was answered well before is said not to exist: its good answers prove nothing any more. */
export function doubtService({ servedMs, misses }: ServiceRecord, endpoint: string): ServiceRecord {
  const { [endpoint]: _, ...others } = servedMs;
  return { servedMs: others, misses };
}

/** Whether another operation than this was answered well within the last five minutes: then it is the operation that is wrong, not the deployment. */
export function servesOthers({ servedMs }: ServiceRecord, endpoint: string, now: number): boolean {
  return Object.entries(servedMs).some(([other, atMs]) => other !== endpoint && now - atMs < memoryMs);
}

/** The record after a job was told that the deployment or operation does not exist; a job counts once. */
export function addMiss(record: ServiceRecord, job: string, now: number): ServiceRecord {
  const others = record.misses.filter((miss) => miss.job !== job && now - miss.atMs < memoryMs);
  return { ...record, misses: [...others, { job, atMs: now }].slice(-believedMisses) };
}

/** Whether so many jobs agree that the deployment is to be left. */
export function isMissing({ misses }: ServiceRecord): boolean {
  return misses.length >= believedMisses;
}

/**
 * Whether another deployment has told the same job too that deployment or operation does not exist: then it is what the job asks for that is
 * wrong, and a standby that has not been used for a while is not to be left over it.
 */
export function isMissedElsewhere(
  attempts: readonly Pick<Attempt, 'deployment' | 'reason'>[],
  { deployment, reason }: Pick<Attempt, 'deployment' | 'reason'>,
): boolean {
  const isMiss = reason === 'deployment_not_found';
  return isMiss && attempts.some((other) => other.deployment !== deployment && other.reason === reason);
}
