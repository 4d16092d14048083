import type { Clock } from '../../src/core/clock.ts';
import { readError, readRetryAfterMs } from './call-weir.ts';
import type { Connection } from './connection.ts';
import { readJob } from './job-reading.ts';
import { type JobRecord, noteReading } from './job-record.ts';

const timeoutMs = 30_000;
const concurrency = 16;

/** Submits every job once, 16 at a time; a full queue is waited for as long as it asks. Ends when each is accepted or refused for good. */
export async function submitJobs(records: readonly JobRecord[], connection: Connection, clock: Clock): Promise<void> {
  const rest = records.values();
  const workers = Array.from({ length: Math.min(concurrency, records.length) }, async () => {
    for (const record of rest) await submitJob(record, connection, clock);
  });
  await Promise.all(workers);
}

async function submitJob(record: JobRecord, connection: Connection, clock: Clock): Promise<void> {
  const { team, submission, idempotencyKey } = record.planned;
  for (;;) {
    const answer = await connection.ask(team, {
      method: 'POST',
      path: '/jobs',
      // The same key again after a lost answer gives the same job, not a second one.
      headers: { 'idempotency-key': idempotencyKey },
      body: submission,
      timeoutMs,
    });
    if (answer.status === 202 || answer.status === 200) {
      const reading = readJob(answer.body);
      noteReading(record, reading, clock.now());
      record.id = reading.id;
      record.isReplayed = answer.headers.get('idempotent-replayed') === 'true';
      return;
    }
    const error = readError(answer.body);
    if (answer.status !== 429 || answer.headers.get('x-should-retry') === 'false') {
      record.refusal = `${answer.status} ${error?.code ?? ''}: ${error?.message ?? 'no reason given'}`;
      return;
    }
    record.deferrals += 1;
    await clock.sleep(Math.max(200, readRetryAfterMs(answer.headers) ?? 1000));
  }
}
