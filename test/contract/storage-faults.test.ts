import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { BlobContentStore } from '../../src/core/adapters/azure-blobs/content-store.ts';
import { AzureWakeQueue } from '../../src/core/adapters/azure-queues/wake-queue.ts';
import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import type { StorageBounds } from '../../src/core/adapters/azure-storage/storage-call.ts';
import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from '../../src/core/adapters/azure-tables/live-job-store.ts';
import { TableUsageStore } from '../../src/core/adapters/azure-tables/usage-store.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { sha256 } from '../../src/core/adapters/system/sha256.ts';
import { StorageUnavailableError } from '../../src/core/http/weir-error.ts';
import type { TeamChange } from '../../src/core/jobs/job-store.ts';
import { FaultProxy } from '../../tools/reliability/fault-proxy.ts';
import { makeConnectionString } from '../support/azurite-for-tests.ts';
import { makeSampleEnd, makeSampleId, makeSampleJob, makeSampleLive, makeSampleUsage } from '../support/sample-jobs.ts';
import { failOnDamage, openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { accept, makeTeam, versionsOf } from './job-store.contract.ts';

// Short, for what must not be waited for; what they are in production is asserted nowhere.
const shortBounds = { totalMs: 1000, tryMs: 600, maxTries: 2, retryDelayMs: 10 };

function storesOn(connectionString: string, bounds: StorageBounds) {
  const connection = connectStorage({ settings: { AzureWebJobsStorage: connectionString } });
  const options = { connection, bounds, random: systemRandom, reportDamage: failOnDamage, sha256 };
  return {
    connection,
    jobs: new TableJobStore(options),
    live: new TableLiveJobStore(options),
    usage: new TableUsageStore(options),
    wakeQueue: new AzureWakeQueue(options),
    contents: new BlobContentStore(options),
  };
}

function onPort(port: number, bounds = patientBounds) {
  return storesOn(makeConnectionString({ blob: String(port), queue: String(port), table: String(port) }), bounds);
}

/** A port of this machine on which nobody listens. */
async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Expected a port.');
  return address.port;
}

describe('fault 10: a write whose answer is lost', () => {
  let proxy: FaultProxy;
  const cutBatch = (replies: number) =>
    proxy.setFault({ kind: 'cut', afterBytes: 0, request: 'POST /devstoreaccount1/$batch', times: replies });

  beforeEach(async () => {
    await openAzurite();
    const table = /TableEndpoint=http:\/\/127\.0\.0\.1:(\d+)/.exec(inject('storageConnectionString'))?.[1];
    proxy = await FaultProxy.start(Number(table));
  });
  afterEach(() => proxy.stop());

  it('is applied once and answered with its versions', async () => {
    const [{ jobs }, team] = [onPort(proxy.port), makeTeam()];
    const job = makeSampleJob(team, { idempotencyKeySha256: 'a'.repeat(64) });
    const budget = { team, period: '2026-11', spentNanoUsd: 0, heldNanoUsd: 9 };
    cutBatch(1);
    const result = await jobs.apply(team, [accept(job)], { budget, version: null });
    expect(proxy.strikes).toBe(1);
    const version = versionsOf(result)[0] ?? '';
    expect(await jobs.readLive(team, job.id)).toEqual({ value: makeSampleLive(job), version });
    expect(result).toMatchObject({ budgetVersion: (await jobs.readBudget(team, '2026-11'))?.version });
    // The versions are good for the next write.
    const next: TeamChange = { kind: 'advance', live: makeSampleLive(job, { attempt: 1 }), version, usage: [] };
    expect(versionsOf(await jobs.apply(team, [next], null))).toHaveLength(1);
  });

  it('is applied once when it ended a job and wrote its usage', async () => {
    const [{ jobs, usage }, team] = [onPort(proxy.port), makeTeam()];
    const job = makeSampleJob(team);
    const version = versionsOf(await jobs.apply(team, [accept(job)], null))[0] ?? '';
    const rows = [makeSampleUsage(team, { jobId: job.id })];
    cutBatch(1);
    const end: TeamChange = { kind: 'end', job: { ...job, end: makeSampleEnd() }, version, usage: rows };
    expect(versionsOf(await jobs.apply(team, [end], null))).toEqual([null]);
    expect(proxy.strikes).toBe(1);
    expect(await usage.newest(team, 10)).toEqual(rows);
  });

  it("is not taken for ours when somebody else's was there first", async () => {
    const [{ jobs }, team] = [onPort(proxy.port), makeTeam()];
    const job = makeSampleJob(team, { idempotencyKeySha256: 'b'.repeat(64) });
    await jobs.apply(team, [accept(job)], null);
    const other = makeSampleJob(team, { id: makeSampleId(job.createdAtMs + 1), idempotencyKeySha256: 'b'.repeat(64) });
    cutBatch(1);
    expect(await jobs.apply(team, [accept(other)], null)).toEqual({ outcome: 'rejected', at: 0, reason: 'duplicate' });
    expect(proxy.strikes).toBe(1);
    cutBatch(1);
    const stale: TeamChange = { kind: 'advance', live: makeSampleLive(job), version: 'W/"stale"', usage: [] };
    expect(await jobs.apply(team, [stale], null)).toEqual({ outcome: 'rejected', at: 0, reason: 'lost' });
    expect(proxy.strikes).toBe(2);
  });

  it('is unavailable when no try is answered', async () => {
    const [{ jobs }, team] = [onPort(proxy.port), makeTeam()];
    cutBatch(9);
    await expect(jobs.apply(team, [accept(makeSampleJob(team))], null)).rejects.toThrow(StorageUnavailableError);
    expect(proxy.strikes).toBe(patientBounds.maxTries);
  });

  it('gives up on a storage that takes requests and never answers, and works again afterwards', async () => {
    const [{ jobs }, team] = [onPort(proxy.port, shortBounds), makeTeam()];
    proxy.setFault({ kind: 'hang' });
    await expect(jobs.readJob(team, 'job_1')).rejects.toThrow(StorageUnavailableError);
    proxy.setFault({ kind: 'none' });
    await expect.poll(() => jobs.readJob(team, 'job_1').catch(() => 'away'), { timeout: 100_000 }).toBeNull();
  });
});

describe('storage that is not there', () => {
  const team = makeTeam();
  const text = 'x'.repeat(40_000);
  const blob = { kind: 'blob', name: `${team}/job_1/request`, characters: 40_000, sha256: sha256(text) } as const;
  type Stores = ReturnType<typeof storesOn>;
  const operations: readonly (readonly [string, (stores: Stores) => Promise<unknown>])[] = [
    ['apply', ({ jobs }) => jobs.apply(team, [accept(makeSampleJob(team))], null)],
    ['readJob', ({ jobs }) => jobs.readJob(team, 'job_1')],
    ['readLive', ({ jobs }) => jobs.readLive(team, 'job_1')],
    ['readBudget', ({ jobs }) => jobs.readBudget(team, '2026-11')],
    ['findByIdempotencyKey', ({ jobs }) => jobs.findByIdempotencyKey(team, 'a'.repeat(64))],
    ['listJobs', ({ jobs }) => jobs.listJobs(team, { status: 'queued', limit: 5, after: null })],
    ['removeJob', ({ jobs }) => jobs.removeJob(makeSampleJob(team))],
    ['registerTeam', ({ live }) => live.registerTeam(team)],
    ['listTeams', ({ live }) => live.listTeams()],
    ['listLive', ({ live }) => live.listLive(team, null)],
    ['list usage', ({ usage }) => usage.list(team, { fromMs: 0, toMs: 1 }, null)],
    ['newest usage', ({ usage }) => usage.newest(team, 1)],
    ['send', ({ wakeQueue }) => wakeQueue.send('bulk', { team, job: 'job_1' }, 0)],
    ['count', ({ wakeQueue }) => wakeQueue.count('bulk')],
    ['keep', ({ contents }) => contents.keep(team, 'job_1', 'request', text)],
    ['read', ({ contents }) => contents.read(blob)],
    ['find', ({ contents }) => contents.find(team, 'job_1', 'request')],
    ['erase', ({ contents }) => contents.erase(team, 'job_1')],
  ];

  it.each(operations)('makes %s say so', async (_name, run) => {
    const stores = onPort(await findClosedPort());
    await expect(run(stores)).rejects.toThrow(StorageUnavailableError);
  });

  it('is not taken for an empty one when the table itself is missing', async () => {
    const connection = await openAzurite();
    const missing = { ...connection, table: () => connection.table('neverMade') };
    const jobs = new TableJobStore({
      connection: missing,
      bounds: patientBounds,
      random: systemRandom,
      reportDamage: failOnDamage,
    });
    await expect(jobs.readJob(team, 'job_1')).rejects.toThrow(StorageUnavailableError);
    await expect(jobs.removeJob(makeSampleJob(team))).rejects.toThrow(StorageUnavailableError);
    await expect(jobs.apply(team, [accept(makeSampleJob(team))], null)).rejects.toThrow(StorageUnavailableError);
  });
});

describe('a slow line to storage', () => {
  let proxy: FaultProxy;

  beforeEach(async () => {
    await openAzurite();
    const blob = /BlobEndpoint=http:\/\/127\.0\.0\.1:(\d+)/.exec(inject('storageConnectionString'))?.[1];
    proxy = await FaultProxy.start(Number(blob));
    // Longer than one try has for a small content.
    proxy.setFault({ kind: 'latency', latencyMs: 1200 });
  });
  afterEach(() => proxy.stop());

  it('is given the time that a large content takes, to keep and to read it', async () => {
    const [{ contents }, team] = [onPort(proxy.port, shortBounds), makeTeam()];
    const text = 'x'.repeat(12_000_000);
    const kept = await contents.keep(team, makeSampleId(1), 'answer-1', text);
    expect(await contents.read(kept)).toEqual({ outcome: 'read', text });
  });

  it('counts as storage being away for a small one', async () => {
    const [{ contents }, team] = [onPort(proxy.port, shortBounds), makeTeam()];
    const keep = contents.keep(team, makeSampleId(1), 'answer-1', 'x'.repeat(40_000));
    await expect(keep).rejects.toThrow(StorageUnavailableError);
  });
});
