import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import { TableLiveJobStore } from '../../src/core/adapters/azure-tables/live-job-store.ts';
import type { WeirUnderTest } from '../../test/support/weir-under-test.ts';
import type { CrashRecord } from '../reliability/crash-point.ts';
import { isTerminal, readTrail } from '../reliability/judge-jobs.ts';

/** A job that was in a worker's hands when the worker died. */
export interface Victim {
  readonly job: string;
  readonly killedAtMs: number;
}

/** Reads, right after a kill, whose leases the dead process holds; with them the job at whose moment it died, if it is live. */
export async function findVictims(weir: WeirUnderTest, crash: CrashRecord): Promise<readonly Victim[]> {
  const connection = connectStorage({ settings: { AzureWebJobsStorage: weir.storageConnectionString } });
  const store = new TableLiveJobStore({
    connection,
    reportDamage: (error) => {
      throw error;
    },
  });
  const jobs = new Set<string>();
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.listLive>> = await store.listLive('search', after);
    for (const { value } of page.items) {
      const isHeld = value.lease?.holder.includes(`/${crash.processId}/`) === true;
      if (isHeld || value.id === crash.job) jobs.add(value.id);
    }
    after = page.next;
  } while (after !== null);
  return [...jobs].map((job) => ({ job, killedAtMs: crash.atMs }));
}

/** Seconds from the kill until the job was claimed again or had ended; null while it is neither. */
export async function readRecovery(weir: WeirUnderTest, victim: Victim): Promise<number | null> {
  const trail = await readTrail(weir, victim.job);
  const next = trail.find(({ type, at }) => at * 1000 > victim.killedAtMs && (type === 'claimed' || isTerminal(type)));
  return next === undefined ? null : next.at - victim.killedAtMs / 1000;
}
