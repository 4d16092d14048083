import type { Clock } from '../../src/core/clock.ts';
import { readError, readRetryAfterMs } from './call-weir.ts';
import type { Connection } from './connection.ts';
import { isTerminal, readJob, readMilestones } from './job-reading.ts';
import { isSettled, type JobRecord, noteReading } from './job-record.ts';

const pollers = 12;
// Few jobs left: wait with them. Many: a worker that died holds its jobs for a minute, and those behind them may be done.
const longPollSeconds = 20;
const shortPollSeconds = 2;
const idleMs = 100;

/**
 * Follows accepted jobs to their end with a dozen connections: each holds one long poll, always on the job whose turn
 * to be looked at comes first. Ends when nothing more can be accepted (`isSubmitting` is false) and all have settled.
 */
export async function followJobs(
  records: readonly JobRecord[],
  isSubmitting: () => boolean,
  connection: Connection,
  clock: Clock,
): Promise<void> {
  const held = new Set<JobRecord>();
  async function follow(): Promise<void> {
    for (;;) {
      const open = records.filter((record) => record.id !== null && !isSettled(record));
      if (open.length === 0 && !isSubmitting()) return;
      const next = pickSoonest(open.filter((record) => !held.has(record)));
      if (next === null) {
        await clock.sleep(idleMs);
        continue;
      }
      held.add(next);
      try {
        await lookAtJob(next, open.length > pollers ? shortPollSeconds : longPollSeconds, connection, clock);
      } finally {
        held.delete(next);
      }
    }
  }
  await Promise.all(Array.from({ length: pollers }, follow));
}

function pickSoonest(records: readonly JobRecord[]): JobRecord | null {
  return records.reduce<JobRecord | null>(
    (soonest, record) => (soonest === null || record.nextLookAtMs < soonest.nextLookAtMs ? record : soonest),
    null,
  );
}

async function lookAtJob(record: JobRecord, waitSeconds: number, connection: Connection, clock: Clock): Promise<void> {
  const answer = await connection.ask(record.planned.team, {
    method: 'GET',
    path: `/jobs/${record.id}?wait=${waitSeconds}`,
    timeoutMs: (waitSeconds + 15) * 1000,
  });
  switch (answer.status) {
    case 200: {
      const reading = readJob(answer.body);
      if (isTerminal(reading)) await readTimes(record, connection);
      noteReading(record, reading, clock.now());
      return;
    }
    case 404:
      record.isLost = true;
      return;
    case 429:
      await clock.sleep(readRetryAfterMs(answer.headers) ?? 1000);
      return;
    default:
      throw new Error(`GET /jobs/${record.id} answered ${answer.status} ${readError(answer.body)?.message ?? ''}`);
  }
}

// The job itself tells whole seconds; its trail tells milliseconds, both by the service's clock.
async function readTimes(record: JobRecord, connection: Connection): Promise<void> {
  const answer = await connection.ask(record.planned.team, {
    method: 'GET',
    path: `/jobs/${record.id}/events`,
    timeoutMs: 15_000,
  });
  if (answer.status === 200) Object.assign(record, readMilestones(answer.body));
}
