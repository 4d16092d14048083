import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Content, ContentStore } from '../../src/core/jobs/content.ts';
import { inlineLimit } from '../../src/core/jobs/content.ts';
import { makeSampleId } from '../support/sample-jobs.ts';
import { makeTeam } from './job-store.contract.ts';

/** A content store as a test sees it: blobs can be lost and overwritten behind its back. */
export interface ContentStoreUnderTest {
  readonly store: ContentStore;
  lose(name: string): Promise<void>;
  overwrite(name: string, text: string): Promise<void>;
}

function nameOf(content: Content): string {
  if (content.kind !== 'blob') throw new Error('Expected a blob.');
  return content.name;
}

/** What every ContentStore does. */
export function describeContentStore(name: string, makeStore: () => Promise<ContentStoreUnderTest>): void {
  describe(`ContentStore on ${name}`, () => {
    const makeJobId = () => `job_${randomUUID().replaceAll('-', '')}`;

    it('keeps texts up to the limit inline and longer ones as a blob of the team and job', async () => {
      const [{ store }, team, job] = [await makeStore(), makeTeam(), makeJobId()];
      const short = 'x'.repeat(inlineLimit);
      expect(await store.keep(team, job, 'request', short)).toEqual({ kind: 'inline', text: short });
      expect(await store.find(team, job, 'request')).toBeNull();
      const kept = await store.keep(team, job, 'request', `${short}x`);
      expect(kept).toMatchObject({ kind: 'blob', name: `${team}/${job}/request`, characters: inlineLimit + 1 });
    });

    it('serves the account of probes, whose name is no team of people', async () => {
      const [{ store }, job] = [await makeStore(), makeJobId()];
      expect(await store.find('~probe', job, 'answer-1')).toBeNull();
      await store.keep('~probe', job, 'answer-1', 'x'.repeat(inlineLimit + 1));
      expect(await store.find('~probe', job, 'answer-1')).not.toBeNull();
      await store.erase('~probe', job);
      expect(await store.find('~probe', job, 'answer-1')).toBeNull();
    });

    it('gives back what it was given: 200 KB, emoji, CJK, escapes', async () => {
      const [{ store }, team, job] = [await makeStore(), makeTeam(), makeJobId()];
      const texts = [
        'x'.repeat(200_000),
        '😀'.repeat(40_000),
        '漢字かな交じり文'.repeat(10_000),
        '"\\\n\u0000'.repeat(20_000),
      ];
      for (const [index, text] of texts.entries()) {
        const content = await store.keep(team, job, `part-${index}`, text);
        expect(await store.read(content)).toEqual({ outcome: 'read', text });
      }
    });

    it('finds what an earlier attempt left behind, and nothing where there is nothing', async () => {
      const [{ store }, team, job] = [await makeStore(), makeTeam(), makeJobId()];
      const kept = await store.keep(team, job, 'response-1', 'y'.repeat(40_000));
      expect(await store.find(team, job, 'response-1')).toEqual(kept);
      expect(await store.find(team, job, 'response-2')).toBeNull();
      expect(await store.find(makeTeam(), job, 'response-1')).toBeNull();
    });

    it('tells a missing blob and a damaged one apart', async () => {
      const [{ store, lose, overwrite }, team, job] = [await makeStore(), makeTeam(), makeJobId()];
      const lost = await store.keep(team, job, 'lost', 'a'.repeat(40_000));
      const damaged = await store.keep(team, job, 'damaged', 'b'.repeat(40_000));
      await lose(nameOf(lost));
      await overwrite(nameOf(damaged), `${'b'.repeat(39_999)}c`);
      expect(await store.read(lost)).toEqual({ outcome: 'missing' });
      expect(await store.read(damaged)).toEqual({ outcome: 'damaged' });
    });

    it('erases all of one job, twice without harm, and nothing of another', async () => {
      const [{ store }, team, job] = [await makeStore(), makeTeam(), makeJobId()];
      const gone = [
        await store.keep(team, job, 'request', 'a'.repeat(40_000)),
        await store.keep(team, job, 'response-1', 'b'.repeat(40_000)),
      ];
      const neighbour = await store.keep(team, `${job}0`, 'request', 'c'.repeat(40_000));
      await store.erase(team, job);
      await store.erase(team, job);
      for (const content of gone) expect(await store.read(content)).toEqual({ outcome: 'missing' });
      expect(await store.read(neighbour)).toMatchObject({ outcome: 'read' });
    });

    it('lists the jobs created in a span of which there is content, each once, of one team', async () => {
      const [{ store }, team] = [await makeStore(), makeTeam()];
      const noonMs = Date.UTC(2026, 10, 2, 12);
      const span = { fromMs: noonMs, toMs: noonMs + 3 * 3_600_000 };
      const at = [-1, 0, 60_000, 3 * 3_600_000 - 1, 3 * 3_600_000].map((ms) => makeSampleId(noonMs + ms));
      for (const id of at) await store.keep(team, id, 'request', 'x'.repeat(40_000));
      await store.keep(team, at[1] ?? '', 'answer-1', 'y'.repeat(40_000));
      await store.keep(makeTeam(), makeSampleId(noonMs + 5), 'request', 'z'.repeat(40_000));
      expect([...(await store.listJobs(team, span))].sort()).toEqual(at.slice(1, 4).sort());
      expect(await store.listJobs(makeTeam(), span)).toEqual([]);
    });

    it('refuses names that would lead into another folder', async () => {
      const { store } = await makeStore();
      const text = 'x'.repeat(40_000);
      for (const part of ['../other', 'a/b', '..', '']) {
        await expect(store.keep('team', 'job_1', part, text)).rejects.toThrow(RangeError);
      }
    });
  });
}
