import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { makeTextBlobReader } from '../../src/core/adapters/azure-blobs/text-blob.ts';
import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import { ensureStorage } from '../../src/core/adapters/azure-storage/ensure-storage.ts';
import { contentContainer, tableNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from '../../src/core/adapters/azure-tables/live-job-store.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { StorageClock } from '../../src/core/adapters/system/storage-clock.ts';
import { DamagedRowError, NewerRowError } from '../../src/core/versioned.ts';
import { makeSampleId, makeSampleJob } from '../support/sample-jobs.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { accept, makeTeam } from './job-store.contract.ts';

const noonMs = Date.UTC(2026, 10, 2, 12);

describe('rows that were edited by hand', () => {
  it('are reported by a listing, which goes on with the others, and by name when they are asked for', async () => {
    const connection = await openAzurite();
    const reported: Error[] = [];
    const options = {
      connection,
      bounds: patientBounds,
      random: systemRandom,
      reportDamage: (error: Error) => reported.push(error),
    };
    const [jobs, live, team] = [new TableJobStore(options), new TableLiveJobStore(options), makeTeam()];
    const [whole, broken, newer] = [0, 1, 2].map((index) => makeSampleJob(team, { id: makeSampleId(noonMs + index) }));
    await jobs.apply(team, [accept(whole!), accept(broken!), accept(newer!)], null);
    const table = await connection.table(tableNames.teams);
    for (const kind of ['job', 'live']) {
      const [partitionKey, rowKey] = [team, (id: string) => `${kind}|${id}`];
      await table.updateEntity({ partitionKey, rowKey: rowKey(broken!.id), [`${kind}0`]: '{"id":' }, 'Merge');
      await table.updateEntity({ partitionKey, rowKey: rowKey(newer!.id), v: 2 }, 'Merge');
    }
    const page = await live.listLive(team, null);
    expect(page.items.map(({ value }) => value.id)).toEqual([whole!.id]);
    expect(page.next).toBeNull();
    expect(reported.map((error) => error.name).toSorted()).toEqual(['DamagedRowError', 'NewerRowError']);
    expect((await jobs.listJobs(team, { status: null, limit: 1, after: null })).items).toEqual([whole]);
    await expect(jobs.readJob(team, broken!.id)).rejects.toThrow(DamagedRowError);
    await expect(jobs.readLive(team, newer!.id)).rejects.toThrow(NewerRowError);
  });
});

describe('the text blob reader', () => {
  it('reads, notices that nothing has changed, reads what has, and tells what is missing', async () => {
    const connection = await openAzurite();
    const name = `${randomUUID()}.json`;
    const read = makeTextBlobReader({ connection, bounds: patientBounds });
    expect(await read(contentContainer, name, null)).toEqual({ outcome: 'missing' });
    const blob = (await connection.container(contentContainer)).getBlockBlobClient(name);
    const upload = (text: string) => blob.upload(text, Buffer.byteLength(text));
    await upload('{"größe":1}');
    const first = await read(contentContainer, name, null);
    if (first.outcome !== 'read') throw new Error('Expected a text.');
    expect(first.text).toBe('{"größe":1}');
    expect(await read(contentContainer, name, first.version)).toEqual({ outcome: 'unchanged' });
    await upload('');
    expect(await read(contentContainer, name, first.version)).toMatchObject({ outcome: 'read', text: '' });
  });
});

describe('the connection', () => {
  it('makes all tables, queues and the container, and may be asked to again', async () => {
    const connection = await openAzurite();
    await ensureStorage(connection, patientBounds);
    for (const name of Object.values(tableNames)) {
      const page = await (await connection.table(name)).listEntities().byPage({ maxPageSize: 1 }).next();
      expect(page.done).toBe(false);
    }
  });

  it('lets a clock that is wrong by an hour learn storage time from the answers', async () => {
    await openAzurite();
    // The host of this test is also the storage's: its own clock is the truth, the app's is an hour behind.
    const clock = new StorageClock(() => Date.now() - 3_600_000);
    const connection = connectStorage({
      settings: { AzureWebJobsStorage: inject('storageConnectionString') },
      observeDate: ({ dateMs, sentAtMs, receivedAtMs }) =>
        clock.observe({ dateMs, sentAtMs: sentAtMs - 3_600_000, receivedAtMs: receivedAtMs - 3_600_000 }),
    });
    const options = { connection, bounds: patientBounds, random: systemRandom, reportDamage: () => undefined };
    const team = makeTeam();
    await new TableJobStore(options).apply(team, [accept(makeSampleJob(team))], null);
    await new TableLiveJobStore(options).listLive(team, null);
    expect(clock.offsetMs).toBeGreaterThan(3_540_000);
    expect(clock.offsetMs).toBeLessThan(3_660_000);
  });
});
