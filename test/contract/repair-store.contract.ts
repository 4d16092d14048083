import { describe, expect, it } from 'vitest';
import type { JobStore, LiveJobStore } from '../../src/core/jobs/job-store.ts';
import type { Found, RepairStore } from '../../src/core/jobs/repair-store.ts';
import { DamagedRowError } from '../../src/core/versioned.ts';
import { makeSampleEnd, makeSampleId, makeSampleJob, makeSampleLive, makeSampleUsage } from '../support/sample-jobs.ts';
import { accept, makeTeam } from './job-store.contract.ts';

const noonMs = Date.UTC(2026, 10, 2, 12);
const key = 'a'.repeat(64);

/** Stores over one account whose rows a test can delete and damage behind their back; pages hold two rows. */
export interface RepairStoresUnderTest {
  readonly jobs: JobStore;
  readonly live: LiveJobStore;
  readonly repairs: RepairStore;
  hurt(
    team: string,
    row: { kind: 'job' | 'live' | 'idem' | 'budget'; key: string },
    how: 'delete' | 'damage',
  ): Promise<void>;
}

function versionOf(found: Found<unknown>): string {
  if (found.kind !== 'read' && found.kind !== 'damaged') throw new Error(`Expected a row, found it ${found.kind}.`);
  return found.version;
}

/** What every RepairStore does, and what the other stores do with damaged rows. */
export function describeRepairStore(name: string, makeStores: () => Promise<RepairStoresUnderTest>): void {
  describe(`rows damaged by hand on ${name}`, () => {
    const open = async () => {
      const [stores, team] = [await makeStores(), makeTeam()];
      const job = makeSampleJob(team, { idempotencyKeySha256: key });
      const budget = { team, period: job.budgetPeriod, spentNanoUsd: 7, heldNanoUsd: job.holdNanoUsd };
      await stores.jobs.apply(team, [accept(job)], { budget, version: null });
      return { ...stores, team, job, budget };
    };

    it('are found as what they are: read, damaged or absent', async () => {
      const { repairs, hurt, team, job, budget } = await open();
      const look = () =>
        Promise.all([
          repairs.findJob(team, job.id),
          repairs.findLive(team, job.id),
          repairs.findBudget(team, budget.period),
        ]);
      expect(await look()).toMatchObject([
        { kind: 'read', value: job },
        { kind: 'read', value: makeSampleLive(job) },
        { kind: 'read', value: budget },
      ]);
      const before = (await look()).map(versionOf);
      const rows = [
        { kind: 'job', key: job.id },
        { kind: 'live', key: job.id },
        { kind: 'budget', key: budget.period },
      ] as const;
      for (const row of rows) await hurt(team, row, 'damage');
      expect((await look()).map(({ kind }) => kind)).toEqual(['damaged', 'damaged', 'damaged']);
      for (const [index, found] of (await look()).entries()) expect(versionOf(found)).not.toBe(before[index]);
      for (const row of rows) await hurt(team, row, 'delete');
      expect((await look()).map(({ kind }) => kind)).toEqual(['absent', 'absent', 'absent']);
    });

    it('are told apart from absent ones by every reader, and listings name them', async () => {
      const { jobs, live, hurt, team, job, budget } = await open();
      const other = makeSampleJob(team, { id: makeSampleId(noonMs + 1) });
      await jobs.apply(team, [accept(other)], null);
      await hurt(team, { kind: 'job', key: job.id }, 'damage');
      await hurt(team, { kind: 'live', key: job.id }, 'damage');
      await hurt(team, { kind: 'idem', key }, 'damage');
      await hurt(team, { kind: 'budget', key: budget.period }, 'damage');
      await expect(jobs.readJob(team, job.id)).rejects.toThrow(DamagedRowError);
      await expect(jobs.readLive(team, job.id)).rejects.toThrow(DamagedRowError);
      await expect(jobs.readBudget(team, budget.period)).rejects.toThrow(DamagedRowError);
      await expect(jobs.findByIdempotencyKey(team, key)).rejects.toThrow(DamagedRowError);
      const page = await live.listLive(team, null);
      expect([page.items.map(({ value }) => value.id), page.damaged]).toEqual([[other.id], [job.id]]);
      const listed = await jobs.listJobs(team, { status: null, limit: 10, after: null });
      expect([listed.items.map(({ id }) => id), listed.damaged]).toEqual([[other.id], [job.id]]);
    });

    it('lists the jobs on record as open since a moment, page by page, damaged ones too', async () => {
      const [{ jobs, repairs, hurt }, team] = [await makeStores(), makeTeam()];
      const all = [0, 1, 2, 3, 4].map((number) => makeSampleJob(team, { id: makeSampleId(noonMs + number * 60_000) }));
      const [oldest, ended] = all;
      if (oldest === undefined || ended === undefined) throw new Error('no jobs');
      await jobs.apply(
        team,
        all.map((job) => accept(job)),
        null,
      );
      const version = versionOf(await repairs.findLive(team, ended.id));
      const end = { ...ended, end: makeSampleEnd() };
      await jobs.apply(team, [{ kind: 'end', job: end, version, usage: [] }], null);
      await hurt(team, { kind: 'job', key: all[3]?.id ?? '' }, 'damage');
      const found: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<RepairStore['listOpen']>> = await repairs.listOpen(team, noonMs + 1, after);
        found.push(...page.items);
        after = page.next;
      } while (after !== null);
      expect(found).toEqual([all[4]?.id, all[3]?.id, all[2]?.id]);
    });

    it('buries a job under the versions its rows were found with, absent ones included', async () => {
      for (const how of ['damage', 'delete'] as const) {
        const { jobs, repairs, hurt, team, job, budget } = await open();
        await hurt(team, { kind: 'job', key: job.id }, how);
        const [foundJob, foundLive] = [await repairs.findJob(team, job.id), await repairs.findLive(team, job.id)];
        const ended = { ...job, end: makeSampleEnd({ status: 'failed', response: null }) };
        const jobVersion = foundJob.kind === 'absent' ? null : versionOf(foundJob);
        const bury = {
          kind: 'bury',
          job: ended,
          jobVersion,
          usage: [makeSampleUsage(team, { jobId: job.id })],
        } as const;
        const stale = { ...bury, liveVersion: 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"' };
        expect(await jobs.apply(team, [stale], null)).toMatchObject({ outcome: 'rejected', reason: 'lost' });
        const stored = await repairs.findBudget(team, budget.period);
        const settled = { budget: { ...budget, heldNanoUsd: 0 }, version: versionOf(stored) };
        const fresh = { ...bury, liveVersion: versionOf(foundLive) };
        expect(await jobs.apply(team, [fresh], settled)).toMatchObject({ outcome: 'applied', versions: [null] });
        expect(await jobs.readJob(team, job.id)).toEqual(ended);
        expect(await jobs.readLive(team, job.id)).toBeNull();
        expect((await jobs.readBudget(team, budget.period))?.value.heldNanoUsd).toBe(0);
        expect(await jobs.apply(team, [fresh], null)).toMatchObject({ outcome: 'rejected' });
      }
    });

    it('buries a job without a live row, unless its own row has changed or come into being since', async () => {
      const { jobs, repairs, hurt, team, job } = await open();
      const first = versionOf(await repairs.findJob(team, job.id));
      await hurt(team, { kind: 'live', key: job.id }, 'delete');
      const ended = { ...job, end: makeSampleEnd({ status: 'failed', response: null }) };
      const bury = { kind: 'bury', job: ended, liveVersion: null, usage: [] } as const;
      expect(await jobs.apply(team, [{ ...bury, jobVersion: null }], null)).toMatchObject({ outcome: 'rejected' });
      expect(await jobs.apply(team, [{ ...bury, jobVersion: first }], null)).toMatchObject({ outcome: 'applied' });
      expect(await jobs.apply(team, [{ ...bury, jobVersion: first }], null)).toMatchObject({ outcome: 'rejected' });
      expect(await jobs.readJob(team, job.id)).toEqual(ended);
    });

    it('frees a key that is damaged or stands for the job named, and no other', async () => {
      const { jobs, repairs, hurt, team, job } = await open();
      await repairs.freeKey(team, key, makeSampleId(noonMs + 5));
      await repairs.freeKey(team, key, null);
      expect(await jobs.findByIdempotencyKey(team, key)).toBe(job.id);
      await hurt(team, { kind: 'idem', key }, 'damage');
      await repairs.freeKey(team, key, null);
      expect(await jobs.findByIdempotencyKey(team, key)).toBeNull();
      await jobs.apply(
        team,
        [accept(makeSampleJob(team, { id: makeSampleId(noonMs + 9), idempotencyKeySha256: key }))],
        null,
      );
      await repairs.freeKey(team, key, makeSampleId(noonMs + 9));
      expect(await jobs.findByIdempotencyKey(team, key)).toBeNull();
      await repairs.freeKey(team, key, null);
    });
  });
}
