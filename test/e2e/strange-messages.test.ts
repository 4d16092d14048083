import { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { makeJobId } from '../../src/core/jobs/job-id.ts';
import { inParallel } from '../../tools/reliability/judge-jobs.ts';
import { settleBill } from '../support/compare-bill.ts';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const absentCount = 600;
/** What is no pointer to a job: each is put on record once. */
const unreadable = [
  '{',
  '[]',
  'null',
  '"text"',
  '42',
  '{"v":1}',
  '{"v":"1","team":"search","job":"x"}',
  '{"v":1,"team":"../x","job":"y"}',
  '\u0000\uffff',
];

let weir: WeirUnderTest;
let queue: QueueClient;
const toMessage = (text: string) => Buffer.from(text).toString('base64');

beforeAll(async () => {
  weir = await WeirUnderTest.start();
  queue = new QueueClient(weir.storageConnectionString, 'jobs-standard');
});

afterAll(async () => {
  await weir.stop();
});

test('fault 6: a queue full of messages for jobs that no longer exist, and of texts that are none, is worked off; jobs behind it end', {
  timeout: 600_000,
}, async () => {
  const absent = Array.from({ length: absentCount }, (_, number) =>
    JSON.stringify({ v: 1, team: number % 2 === 0 ? 'search' : 'nobody', job: makeJobId(Date.now(), systemRandom) }),
  );
  await inParallel([...absent, ...unreadable], async (text) => {
    await queue.sendMessage(toMessage(text));
  });
  const ids: string[] = [];
  for (let number = 0; number < 5; number += 1)
    ids.push(String((await weir.submit(chatJob(`Name hill ${number}.`)))['id']));
  for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
  await waitFor('an empty queue', async () => (await queue.getProperties()).approximateMessagesCount === 0);
  const { body } = await weir.request('GET', '/queues', { team: 'platform' });
  const lane = body.data.find(({ lane }: { lane: string }) => lane === 'standard');
  expect(lane.poison_messages_last_day).toBe(unreadable.length);
  const poison = new QueueClient(weir.storageConnectionString, 'jobs-standard-poison');
  expect(await countMessages(poison)).toBe(0);
  await settleBill(weir);
});

/** The host makes a poison queue when it first needs one. */
async function countMessages(client: QueueClient): Promise<number> {
  return (await client.exists()) ? ((await client.getProperties()).approximateMessagesCount ?? 0) : 0;
}
