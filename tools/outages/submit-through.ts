import { setTimeout as sleep } from 'node:timers/promises';
import { chatJob, type JsonObject, type WeirUnderTest } from '../../test/support/weir-under-test.ts';

/** What submitters were told. */
export interface Submissions {
  /** Ids of jobs that were accepted. */
  readonly accepted: string[];
  /** Submissions that were told 503 `storage_unavailable`. */
  refused: number;
  /** One sentence for each answer that is neither. */
  readonly strange: string[];
}

const betweenMs = 250;

/** Submits jobs one after the other for a time: short ones, and every third with request and answer that are stored as blobs. */
export async function submitFor(weir: WeirUnderTest, seconds: number): Promise<Submissions> {
  const told: Submissions = { accepted: [], refused: 0, strange: [] };
  const untilMs = Date.now() + seconds * 1000;
  for (let number = 0; Date.now() < untilMs; number += 1) {
    await submitOne(weir, number % 3 === 0 ? largeJob(number) : chatJob(`Name harbour ${number}.`), told);
    await sleep(betweenMs);
  }
  return told;
}

/** Submits one job and notes what was said to it. */
export async function submitOne(weir: WeirUnderTest, job: JsonObject, told: Submissions): Promise<void> {
  const { status, headers, body } = await weir.request('POST', '/jobs', { body: job });
  if (status === 202) told.accepted.push(body.id);
  else if (status === 503 && body.error.code === 'storage_unavailable' && headers.get('retry-after') !== null)
    told.refused += 1;
  else told.strange.push(`a submission was answered ${status} ${body?.error?.code}`);
}

/** A job whose request and answer are longer than a row holds. Embeddings are long and use few tokens. */
export function largeJob(number: number): JsonObject {
  const input = Array.from({ length: 400 }, (_, index) => `Text ${index} of ${number}: ${'wide '.repeat(12)}`);
  return { endpoint: '/v1/embeddings', body: { model: 'text-embedding-3-small', input } };
}
