import { describe, expect, it } from 'vitest';
import type { JobStore, LiveJobStore } from '../../src/core/jobs/job-store.ts';
import { makeSampleEnd, makeSampleId, makeSampleJob, makeSampleLive } from '../support/sample-jobs.ts';
import { accept, makeTeam, versionsOf } from './job-store.contract.ts';

const noonMs = Date.UTC(2026, 10, 2, 12);

/** What every LiveJobStore does; both stores share one account, and the live store's pages hold two rows. */
export function describeLiveJobStore(
  name: string,
  makeStores: () => Promise<{ jobs: JobStore; live: LiveJobStore }>,
): void {
  describe(`LiveJobStore on ${name}`, () => {
    it('lists a registered team once, however often it registers', async () => {
      const [{ live }, team] = [await makeStores(), makeTeam()];
      expect(await live.listTeams()).not.toContain(team);
      await Promise.all([live.registerTeam(team), live.registerTeam(team), live.registerTeam(team)]);
      expect((await live.listTeams()).filter((known) => known === team)).toEqual([team]);
    });

    it('lists an account that is no team of people, whose name begins with a tilde', async () => {
      const { live } = await makeStores();
      await live.registerTeam('~probe');
      expect(await live.listTeams()).toContain('~probe');
    });

    it('walks live rows in key order, page by page, with the versions that a write has to name', async () => {
      const [{ jobs, live }, team] = [await makeStores(), makeTeam()];
      const all = Array.from({ length: 5 }, (_, index) => makeSampleJob(team, { id: makeSampleId(noonMs + index) }));
      const versions = versionsOf(
        await jobs.apply(
          team,
          all.map((job) => accept(job)),
          null,
        ),
      );
      const walked: { id: string; version: string }[] = [];
      let after: string | null = null;
      let pageCount = 0;
      do {
        const page: Awaited<ReturnType<LiveJobStore['listLive']>> = await live.listLive(team, after);
        walked.push(...page.items.map(({ value, version }) => ({ id: value.id, version })));
        after = page.next;
        pageCount += 1;
      } while (after !== null);
      expect(walked).toEqual(all.map((job, index) => ({ id: job.id, version: versions[index] })).toReversed());
      expect(pageCount).toBe(3);
    });

    it('no longer lists a job that has ended, and ends a page that is exactly full', async () => {
      const [{ jobs, live }, team] = [await makeStores(), makeTeam()];
      const all = Array.from({ length: 3 }, (_, index) => makeSampleJob(team, { id: makeSampleId(noonMs + index) }));
      const changes = all.map((job) => accept(job));
      const version = versionsOf(await jobs.apply(team, changes, null))[1] ?? '';
      const ended = { ...all[1]!, end: makeSampleEnd() };
      await jobs.apply(team, [{ kind: 'end', job: ended, version, usage: [] }], null);
      const page = await live.listLive(team, null);
      expect(page.items.map(({ value }) => value)).toEqual([makeSampleLive(all[2]!), makeSampleLive(all[0]!)]);
      expect(page.next).toBeNull();
      expect(await live.listLive(makeTeam(), null)).toEqual({ items: [], damaged: [], next: null });
    });
  });
}
