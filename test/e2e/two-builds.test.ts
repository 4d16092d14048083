import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../tools/build.ts';
import { compareBill, settleBill } from '../support/compare-bill.ts';
import { chatJob, type HttpAnswer, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const root = join(import.meta.dirname, '../..');
/** Beside the sources, so that the copy finds the same packages. */
const newer = join(root, `.weir/newer-${process.pid}`);
const noWork = Object.fromEntries(
  ['workInteractive', 'workStandard', 'workBulk'].map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']),
);

let weir: WeirUnderTest;
let queue: QueueClient;

/** A build of the same sources that writes jobs' rows and messages as version 2 and reads both versions. */
async function buildNewer(): Promise<void> {
  cpSync(join(root, 'src'), join(newer, 'src'), { recursive: true });
  for (const file of ['host.json', 'package.json', 'weir.config.json']) cpSync(join(root, file), join(newer, file));
  change(
    'src/core/adapters/azure-tables/row-columns.ts',
    'export const rowVersion = 1;',
    'export const rowVersion = 2;',
  );
  change('src/core/jobs/wake-up-message.ts', 'const messageVersion = 1;', 'const messageVersion = 2;');
  // What all jobs of a team share stays as old workers know it: an upgrade that changes this too needs a release in between.
  change(
    'src/core/adapters/azure-tables/team-rows.ts',
    "v: rowVersion, ...writeJson('budget'",
    "v: 1, ...writeJson('budget'",
  );
  change(
    'src/core/adapters/azure-tables/team-rows.ts',
    "v: rowVersion, ...writeJson('usage'",
    "v: 1, ...writeJson('usage'",
  );
  await build({ sourceDirectory: join(newer, 'src'), outputDirectory: join(newer, 'dist') });
}

function change(file: string, from: string, to: string): void {
  const path = join(newer, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} has not exactly one ${from}`);
  writeFileSync(path, text.replace(from, to));
}

beforeAll(async () => {
  mkdirSync(newer, { recursive: true });
  await buildNewer();
  weir = await WeirUnderTest.start();
  queue = new QueueClient(weir.storageConnectionString, 'jobs-standard');
});

afterAll(async () => {
  await weir.stop();
  rmSync(newer, { recursive: true, force: true });
});

test('fault 30: an old and a new worker over one storage: what the new one wrote is put back by the old one, not poisoned, and ends', {
  timeout: 1_200_000,
}, async () => {
  // A new host that accepts but does not work: what it accepts meets the old worker first.
  const door = await weir.startWorker({ appFolder: newer, environment: noWork });
  const ofOld = [String((await weir.submit(chatJob('Old one.')))['id'])];
  const ofNew: string[] = [];
  await waitFor('the new host', async () => (await askNew(door.port, 'GET', '/health')).status === 200);
  for (let number = 0; number < 6; number += 1) {
    const { status, body } = await askNew(door.port, 'POST', '/jobs', chatJob(`New ${number}.`));
    expect(status).toBe(202);
    ofNew.push(body.id);
  }
  // A message as the old version writes them to a row that the new one has written.
  const text = JSON.stringify({ v: 1, team: 'search', job: ofNew[0] });
  await queue.sendMessage(Buffer.from(text).toString('base64'));
  const putBack = () => weir.hostLines.filter((line) => line.includes('put back for a newer worker')).length;
  await waitFor('messages put back by the old worker', () => putBack() >= ofNew.length + 1);
  const unread = await weir.request('GET', `/jobs/${ofNew[0]}`);
  expect([unread.status, unread.body.error.code]).toEqual([503, 'storage_unavailable']);
  ofOld.push(String((await weir.submit(chatJob('Old two.')))['id']));

  await weir.startWorker({ appFolder: newer, environment: {} });
  for (const id of [...ofOld, ...ofNew]) {
    await waitFor(
      `the end of ${id}`,
      async () => (await askNew(door.port, 'GET', `/jobs/${id}?wait=10`)).body.status === 'succeeded',
    );
  }
  await settleBill(weir);
  const bill = await compareBill(weir, 'search', new Set([...ofOld, ...ofNew]));
  expect([bill.rows, bill.unknown]).toEqual([ofOld.length + ofNew.length, 0]);
  expect((await weir.request('GET', '/budgets/search')).body.held_usd).toBe('0.000000');
  const { body } = await weir.request('GET', '/queues', { team: 'platform' });
  const lane = body.data.find(({ lane }: { lane: string }) => lane === 'standard');
  expect(lane.poison_messages_last_day).toBe(0);
});

async function askNew(
  port: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<Pick<HttpAnswer, 'status' | 'body'>> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${weir.keys['search']}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => null);
  if (answer === null) return { status: 0, body: null };
  return { status: answer.status, body: await answer.json().catch(() => null) };
}
