import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/jobs/job.ts';
import type { ApplyResult, JobStore, TeamChange } from '../../src/core/jobs/job-store.ts';
import type { LiveJob } from '../../src/core/jobs/live-job.ts';
import { makeSampleEnd, makeSampleId, makeSampleJob, makeSampleLive, makeSampleUsage } from '../support/sample-jobs.ts';

const noonMs = Date.UTC(2026, 10, 2, 12);
const sha = (digit: string) => digit.repeat(64);

/** A team nobody else uses: tests share one account. */
export function makeTeam(): string {
  return `team-${randomUUID().slice(0, 13)}`;
}

/** The change that accepts a job. */
export function accept(job: Job, live: Partial<LiveJob> = {}): TeamChange {
  return { kind: 'accept', job, live: makeSampleLive(job, live) };
}

/** Versions of an applied transaction; fails the test when it was rejected. */
export function versionsOf(result: ApplyResult): readonly (string | null)[] {
  if (result.outcome !== 'applied') throw new Error(`Expected an applied transaction, got ${JSON.stringify(result)}.`);
  return result.versions;
}

function firstVersion(result: ApplyResult): string {
  const version = versionsOf(result)[0];
  if (typeof version !== 'string') throw new Error('Expected a version.');
  return version;
}

/** What every JobStore does. */
export function describeJobStore(name: string, makeStore: () => Promise<JobStore> | JobStore): void {
  describe(`JobStore on ${name}`, () => {
    it('keeps an accepted job with its live row, its key and the budget', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team, { idempotencyKeySha256: sha('a') });
      const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 900_000 };
      const result = await store.apply(team, [accept(job)], { budget, version: null });
      const version = firstVersion(result);
      expect(await store.readJob(team, job.id)).toEqual(job);
      expect(await store.readLive(team, job.id)).toEqual({ value: makeSampleLive(job), version });
      expect(await store.findByIdempotencyKey(team, sha('a'))).toBe(job.id);
      const stored = await store.readBudget(team, '2026-11');
      expect(stored?.value).toEqual(budget);
      expect(result).toMatchObject({ budgetVersion: stored?.version });
    });

    it('answers null for what is not there, whatever the id', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      for (const id of ['job_1', "job_'", 'a/b', 'x\u0000', '%', '']) {
        expect(await store.readJob(team, id)).toBeNull();
        expect(await store.readLive(team, id)).toBeNull();
        expect(await store.findByIdempotencyKey(team, id)).toBeNull();
      }
      expect(await store.readBudget(team, '2026-11')).toBeNull();
    });

    it("never shows one team another team's rows", async () => {
      const [store, team, other] = [await makeStore(), makeTeam(), makeTeam()];
      const job = makeSampleJob(team, { idempotencyKeySha256: sha('b') });
      await store.apply(team, [accept(job)], null);
      expect(await store.readJob(other, job.id)).toBeNull();
      expect(await store.findByIdempotencyKey(other, sha('b'))).toBeNull();
      expect(await store.listJobs(other, { status: null, limit: 10, after: null })).toEqual({
        items: [],
        damaged: [],
        next: null,
      });
    });

    it('takes an erased job away with its key at its end, in one transaction with its usage', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team, { idempotencyKeySha256: sha('d') });
      const version = firstVersion(await store.apply(team, [accept(job)], null));
      const ended = { ...job, end: makeSampleEnd({ status: 'cancelled', response: null }) };
      const usage = [makeSampleUsage(team, { jobId: job.id })];
      const erase = { keySha256: sha('d') };
      const budget = { team, period: '2026-11', spentNanoUsd: 464_800, heldNanoUsd: 0 };
      const end = { kind: 'end', job: ended, usage, erase } as const;
      const stale = await store.apply(
        team,
        [{ ...end, version: 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"' }],
        null,
      );
      expect(stale).toEqual({ outcome: 'rejected', at: 0, reason: 'lost' });
      expect(await store.readJob(team, job.id)).toEqual(job);
      const result = await store.apply(team, [{ ...end, version }], { budget, version: null });
      expect(versionsOf(result)).toEqual([null]);
      expect(await store.readJob(team, job.id)).toBeNull();
      expect(await store.readLive(team, job.id)).toBeNull();
      expect(await store.findByIdempotencyKey(team, sha('d'))).toBeNull();
      const again = makeSampleJob(team, { id: makeSampleId(noonMs + 5), idempotencyKeySha256: sha('d') });
      expect(await store.apply(team, [accept(again)], null)).toMatchObject({ outcome: 'applied' });
    });

    it('rejects a taken idempotency key or id as a duplicate and writes nothing of the transaction', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const first = makeSampleJob(team, { idempotencyKeySha256: sha('c') });
      await store.apply(team, [accept(first)], null);
      const fresh = makeSampleJob(team, { id: makeSampleId(noonMs + 1) });
      const sameKey = makeSampleJob(team, { id: makeSampleId(noonMs + 2), idempotencyKeySha256: sha('c') });
      const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 1 };
      expect(await store.apply(team, [accept(fresh), accept(sameKey)], { budget, version: null })).toEqual({
        outcome: 'rejected',
        at: 1,
        reason: 'duplicate',
      });
      expect(await store.apply(team, [accept(first)], null)).toEqual({
        outcome: 'rejected',
        at: 0,
        reason: 'duplicate',
      });
      expect(await store.readJob(team, fresh.id)).toBeNull();
      expect(await store.readLive(team, fresh.id)).toBeNull();
      expect(await store.readBudget(team, '2026-11')).toBeNull();
      expect(await store.findByIdempotencyKey(team, sha('c'))).toBe(first.id);
    });

    it('makes one job of fifty equal submissions at once', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.apply(
            team,
            [accept(makeSampleJob(team, { id: makeSampleId(noonMs + index), idempotencyKeySha256: sha('d') }))],
            null,
          ),
        ),
      );
      expect(results.filter((result) => result.outcome === 'applied')).toHaveLength(1);
      expect(results.filter((result) => result.outcome === 'rejected' && result.reason === 'duplicate')).toHaveLength(
        49,
      );
      expect((await store.listJobs(team, { status: null, limit: 60, after: null })).items).toHaveLength(1);
    });

    it('lets one of twenty writers under the same version win', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team);
      const version = firstVersion(await store.apply(team, [accept(job)], null));
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const live = makeSampleLive(job, { attempt: index + 1 });
          return store.apply(team, [{ kind: 'advance', live, version, usage: [] }], null);
        }),
      );
      const winner = results.findIndex((result) => result.outcome === 'applied');
      expect(results.filter((result) => result.outcome === 'applied')).toHaveLength(1);
      for (const result of results.toSpliced(winner, 1)) {
        expect(result).toEqual({ outcome: 'rejected', at: 0, reason: 'lost' });
      }
      expect((await store.readLive(team, job.id))?.value.attempt).toBe(winner + 1);
    });

    it('ends a job: its live row goes, its end and usage stay, once', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team);
      const version = firstVersion(await store.apply(team, [accept(job)], null));
      const ended = { ...job, end: makeSampleEnd() };
      const usage = [makeSampleUsage(team, { jobId: job.id })];
      expect(await store.apply(team, [{ kind: 'end', job: ended, version, usage }], null)).toEqual({
        outcome: 'applied',
        versions: [null],
        budgetVersion: null,
      });
      expect(await store.readJob(team, job.id)).toEqual(ended);
      expect(await store.readLive(team, job.id)).toBeNull();
      const again = { ...job, end: makeSampleEnd({ status: 'failed' }) };
      expect(await store.apply(team, [{ kind: 'end', job: again, version, usage: [] }], null)).toEqual({
        outcome: 'rejected',
        at: 0,
        reason: 'lost',
      });
      expect((await store.readJob(team, job.id))?.end?.status).toBe('succeeded');
    });

    it('does not end a job under a version that somebody has overtaken', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team);
      const stale = firstVersion(await store.apply(team, [accept(job)], null));
      const live = makeSampleLive(job, { attempt: 2, state: 'running' });
      await store.apply(team, [{ kind: 'advance', live, version: stale, usage: [] }], null);
      const end: TeamChange = { kind: 'end', job: { ...job, end: makeSampleEnd() }, version: stale, usage: [] };
      expect(await store.apply(team, [end], null)).toEqual({ outcome: 'rejected', at: 0, reason: 'lost' });
      expect((await store.readJob(team, job.id))?.end).toBeNull();
      expect((await store.readLive(team, job.id))?.value.attempt).toBe(2);
    });

    it('reports the budget when its version is lost or taken, and writes nothing', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 5 };
      const first = await store.apply(team, [], { budget, version: null });
      if (first.outcome !== 'applied' || first.budgetVersion === null) throw new Error('Expected a version.');
      const job = makeSampleJob(team);
      const rejected = { outcome: 'rejected', at: 'budget', reason: 'lost' };
      expect(await store.apply(team, [accept(job)], { budget, version: null })).toEqual(rejected);
      const raised = { ...budget, heldNanoUsd: 7 };
      expect(await store.apply(team, [], { budget: raised, version: first.budgetVersion })).toMatchObject({
        outcome: 'applied',
      });
      expect(await store.apply(team, [accept(job)], { budget, version: first.budgetVersion })).toEqual(rejected);
      expect(await store.readJob(team, job.id)).toBeNull();
      expect((await store.readBudget(team, '2026-11'))?.value.heldNanoUsd).toBe(7);
    });

    it('keeps a budget exact under twenty writers that re-read when they lose', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const addOne = async (): Promise<void> => {
        for (;;) {
          const read = await store.readBudget(team, '2026-11');
          const heldNanoUsd = (read?.value.heldNanoUsd ?? 0) + 1;
          const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd };
          const result = await store.apply(team, [], { budget, version: read?.version ?? null });
          if (result.outcome === 'applied') return;
        }
      };
      await Promise.all(Array.from({ length: 20 }, addOne));
      expect((await store.readBudget(team, '2026-11'))?.value.heldNanoUsd).toBe(20);
    });

    it('applies 100 rows at once and refuses 101', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const jobs = (count: number, from: number) =>
        Array.from({ length: count }, (_, index) =>
          accept(makeSampleJob(team, { id: makeSampleId(noonMs + from + index) })),
        );
      expect(versionsOf(await store.apply(team, jobs(50, 0), null))).toHaveLength(50);
      const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 5 };
      await expect(store.apply(team, jobs(50, 100), { budget, version: null })).rejects.toThrow(/101 rows/);
      expect(await store.readBudget(team, '2026-11')).toBeNull();
    });

    it('gives long texts, emoji, CJK and control characters back as they came', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const texts = ['x'.repeat(30_000), '😀'.repeat(15_000), '漢字かな'.repeat(7500), `"\\\n\r\t\u0001'`.repeat(4000)];
      for (const [index, text] of texts.entries()) {
        const id = makeSampleId(noonMs + index);
        const job = makeSampleJob(team, { id, request: { kind: 'inline', text } });
        const version = firstVersion(await store.apply(team, [accept(job)], null));
        const end = makeSampleEnd({ response: { statusCode: 200, requestId: null, body: { kind: 'inline', text } } });
        await store.apply(team, [{ kind: 'end', job: { ...job, end }, version, usage: [] }], null);
        expect(await store.readJob(team, id)).toEqual({ ...job, end });
      }
    });

    it('lists newest first, exactly as many as asked for, page after page', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const ids = Array.from({ length: 7 }, (_, index) => makeSampleId(noonMs + index));
      for (const id of ids) await store.apply(team, [accept(makeSampleJob(team, { id }))], null);
      const newestFirst = ids.toReversed();
      const pages: string[][] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<JobStore['listJobs']>> = await store.listJobs(team, {
          status: null,
          limit: 3,
          after,
        });
        pages.push(page.items.map((job) => job.id));
        after = page.next;
      } while (after !== null);
      expect(pages).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6)]);
      const exact = await store.listJobs(team, { status: null, limit: 7, after: null });
      expect(exact.next).toBeNull();
      expect(exact.items).toHaveLength(7);
    });

    it('filters by status: the live rows know who waits and who runs', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const jobs = Array.from({ length: 6 }, (_, index) => makeSampleJob(team, { id: makeSampleId(noonMs + index) }));
      for (const [index, job] of jobs.entries()) {
        const state = index % 3 === 1 ? 'running' : 'queued';
        const version = firstVersion(await store.apply(team, [accept(job, { state })], null));
        if (index % 3 !== 2) continue;
        const end = makeSampleEnd({ status: index === 2 ? 'failed' : 'cancelled' });
        await store.apply(team, [{ kind: 'end', job: { ...job, end }, version, usage: [] }], null);
      }
      const list = async (status: 'queued' | 'running' | 'failed' | 'expired', limit = 10) => {
        const page = await store.listJobs(team, { status, limit, after: null });
        return { ids: page.items.map((job) => jobs.findIndex((other) => other.id === job.id)), next: page.next };
      };
      expect(await list('queued')).toEqual({ ids: [3, 0], next: null });
      expect(await list('running', 1)).toEqual({ ids: [4], next: jobs[4]!.id });
      expect(await list('failed')).toEqual({ ids: [2], next: null });
      expect(await list('expired')).toEqual({ ids: [], next: null });
      const second = await store.listJobs(team, { status: 'running', limit: 1, after: jobs[4]!.id });
      expect(second).toMatchObject({ items: [{ id: jobs[1]!.id }], next: null });
    });

    it('removes a job with its key, twice without harm, and leaves a key that stands for a newer job', async () => {
      const [store, team] = [await makeStore(), makeTeam()];
      const job = makeSampleJob(team, { idempotencyKeySha256: sha('e') });
      await store.apply(team, [accept(job)], null);
      await store.removeJob(job);
      expect(await store.readJob(team, job.id)).toBeNull();
      expect(await store.findByIdempotencyKey(team, sha('e'))).toBeNull();
      const newer = makeSampleJob(team, { id: makeSampleId(noonMs + 1), idempotencyKeySha256: sha('e') });
      await store.apply(team, [accept(newer)], null);
      await store.removeJob(job);
      expect(await store.findByIdempotencyKey(team, sha('e'))).toBe(newer.id);
      expect(await store.readJob(team, newer.id)).toEqual(newer);
    });
  });
}
