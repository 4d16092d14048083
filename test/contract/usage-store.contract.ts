import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../../src/core/cost/usage-row.ts';
import type { UsageStore, UsageWindow } from '../../src/core/cost/usage-store.ts';
import type { JobStore } from '../../src/core/jobs/job-store.ts';
import { makeSampleJob, makeSampleLive, makeSampleUsage } from '../support/sample-jobs.ts';
import { accept, makeTeam, versionsOf } from './job-store.contract.ts';

/** Writes usage rows the only way there is: with a change of a job. */
async function write(jobs: JobStore, team: string, usage: readonly UsageRow[]): Promise<void> {
  const job = makeSampleJob(team);
  const version = versionsOf(await jobs.apply(team, [accept(job)], null))[0] ?? '';
  versionsOf(await jobs.apply(team, [{ kind: 'advance', live: makeSampleLive(job), version, usage }], null));
}

async function readAll(store: UsageStore, team: string, window: UsageWindow): Promise<number[]> {
  const times: number[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<UsageStore['list']>> = await store.list(team, window, after);
    times.push(...page.items.map((row) => row.atMs));
    after = page.next;
  } while (after !== null);
  return times;
}

/** What every UsageStore does; both stores share one account, and the usage store's pages hold two rows. */
export function describeUsageStore(
  name: string,
  makeStores: () => Promise<{ jobs: JobStore; usage: UsageStore }>,
): void {
  describe(`UsageStore on ${name}`, () => {
    const october = Date.UTC(2026, 9, 1);
    const november = Date.UTC(2026, 10, 1);
    const december = Date.UTC(2026, 11, 1);

    it('lists a window newest first over pages and months: its beginning is in, its end is out', async () => {
      const [{ jobs, usage }, team] = [await makeStores(), makeTeam()];
      const times = [october, november - 1, november, november + 5, december - 1, december];
      await write(
        jobs,
        team,
        times.map((atMs) => makeSampleUsage(team, { atMs })),
      );
      expect(await readAll(usage, team, { fromMs: november, toMs: december })).toEqual([
        december - 1,
        november + 5,
        november,
      ]);
      expect(await readAll(usage, team, { fromMs: 0, toMs: 9_000_000_000_000 })).toEqual(times.toReversed());
      expect(await readAll(usage, team, { fromMs: november, toMs: november })).toEqual([]);
      expect(await readAll(usage, team, { fromMs: december, toMs: november })).toEqual([]);
      expect(await readAll(usage, makeTeam(), { fromMs: 0, toMs: december })).toEqual([]);
    });

    it('removes what is older than a moment, some at a time, and tells how many until none are left', async () => {
      const [{ jobs, usage }, team] = [await makeStores(), makeTeam()];
      const old = Array.from({ length: 7 }, (_, index) => makeSampleUsage(team, { atMs: october + index }));
      await write(jobs, team, [...old, makeSampleUsage(team, { atMs: november })]);
      let removed = 0;
      for (let some = await usage.removeBefore(team, november); some > 0; ) {
        removed += some;
        some = await usage.removeBefore(team, november);
      }
      expect(removed).toBe(7);
      expect(await readAll(usage, team, { fromMs: 0, toMs: december })).toEqual([november]);
      expect(await usage.removeBefore(makeTeam(), december)).toBe(0);
    });

    it('keeps several attempts of one moment apart and gives every field back', async () => {
      const [{ jobs, usage }, team] = [await makeStores(), makeTeam()];
      const rows = [1, 2, 3].map((attempt) => makeSampleUsage(team, { attempt, project: '検索 😀', errorCode: null }));
      await write(jobs, team, rows);
      expect(await usage.newest(team, 10)).toEqual(rows);
    });

    it('gives the newest rows, as many as asked for', async () => {
      const [{ jobs, usage }, team] = [await makeStores(), makeTeam()];
      const times = Array.from({ length: 9 }, (_, index) => november + index * 86_400_000);
      await write(
        jobs,
        team,
        times.map((atMs) => makeSampleUsage(team, { atMs })),
      );
      const newest = async (limit: number) => (await usage.newest(team, limit)).map((row) => row.atMs);
      expect(await newest(4)).toEqual(times.toReversed().slice(0, 4));
      expect(await newest(100)).toEqual(times.toReversed());
      expect(await newest(0)).toEqual([]);
    });

    it('takes the usage of one attempt once: a second row for it rejects the whole change', async () => {
      const [{ jobs, usage }, team] = [await makeStores(), makeTeam()];
      const row = makeSampleUsage(team);
      await write(jobs, team, [row]);
      const { id } = makeSampleJob(team);
      const live = await jobs.readLive(team, id);
      if (live === null) throw new Error('Expected a live row.');
      const change = {
        kind: 'advance',
        live: { ...live.value, attempt: 9 },
        version: live.version,
        usage: [row],
      } as const;
      expect(await jobs.apply(team, [change], null)).toEqual({ outcome: 'rejected', at: 0, reason: 'duplicate' });
      expect((await jobs.readLive(team, id))?.value.attempt).toBe(0);
      expect(await usage.newest(team, 10)).toEqual([row]);
    });
  });
}
