import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import { queueNames, tableNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { runBackupCommand } from '../../tools/weir/backup-command.ts';
import { compareBill, settleBill } from '../support/compare-bill.ts';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const folder = join(mkdtempSync(join(tmpdir(), 'weir-backup-')), 'kept');
let weir: WeirUnderTest;

beforeAll(async () => {
  weir = await WeirUnderTest.start();
});

afterAll(async () => {
  await weir.stop();
  rmSync(join(folder, '..'), { recursive: true });
});

const run = (verb: 'backup' | 'restore') =>
  runBackupCommand(verb, ['--folder', folder], {
    environment: { AzureWebJobsStorage: weir.storageConnectionString },
    now: () => new Date(),
    print: () => {},
  });

test('after the loss of every table, queue and blob a backup brings jobs, answers and books back, and running jobs go on', async () => {
  const long = `${'Rivers carry stones and stories. '.repeat(1500)} `;
  const done = await weir.waitForEnd(String((await weir.submit(chatJob(long)))['id']));
  expect(done.status).toBe('succeeded');
  const budget = (await weir.request('GET', '/budgets/search')).body;

  await weir.fault({ kind: 'latency', latencyMs: 60_000 });
  const ids: string[] = [];
  for (let count = 0; count < 6; count += 1) ids.push(String((await weir.submit(chatJob(`Isle ${count}`)))['id']));
  await waitFor('all to run', async () => {
    const jobs = (await weir.request('GET', '/jobs?status=running')).body.data;
    return jobs.length === ids.length;
  });
  await weir.killHost();
  await run('backup');
  await loseEverything();
  await run('restore');
  await weir.clearFaults();
  await weir.startHost();

  expect((await weir.request('GET', `/jobs/${done.id}`)).body).toEqual(done);
  const ended = await Promise.all(ids.map((id) => weir.waitForEnd(id)));
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  for (const { attempts } of ended)
    expect(attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['unknown', 'succeeded']);
  await settleBill(weir);
  const bill = await compareBill(weir, 'search', new Set([...ids, done.id]));
  expect(bill.unknown).toBe(ids.length);
  const after = (await weir.request('GET', '/budgets/search')).body;
  expect(after.held_usd).toBe('0.000000');
  expect(Number(after.spent_usd)).toBeGreaterThan(Number(budget.spent_usd));
});

async function loseEverything(): Promise<void> {
  const connection = connectStorage({ settings: { AzureWebJobsStorage: weir.storageConnectionString } });
  for (const name of Object.values(tableNames)) await (await connection.table(name)).deleteTable();
  for (const name of Object.values(queueNames)) await (await connection.queue(name)).delete();
  await (await connection.container('content')).delete();
}
