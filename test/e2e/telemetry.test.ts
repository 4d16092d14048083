import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRequests } from '../support/compare-bill.ts';
import { type FakeIngestion, startFakeIngestion } from '../support/fake-ingestion.ts';
import { chatJob, WeirUnderTest } from '../support/weir-under-test.ts';

const canary = 'kingfisher-7f3a9c';
const traceIds = [
  '4bf92f3577b34da6a3ce929d0e0e4736',
  '0af7651916cd43dd8448eb211c80319c',
  '1234567890abcdef1234567890abcdef',
];

let ingestion: FakeIngestion;
let weir: WeirUnderTest;

beforeAll(async () => {
  ingestion = await startFakeIngestion();
  weir = await WeirUnderTest.start({
    environment: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
      NODE_EXTRA_CA_CERTS: ingestion.certificateFile,
    },
  });
});

afterAll(async () => {
  await weir.stop();
  await ingestion.stop();
});

test('each job and attempt is one event of the trace that the caller began, and no content leaves', async () => {
  // The first region refuses once: one of the jobs takes two attempts.
  await weir.fault({ kind: 'status', status: 503, count: 1 });
  const ended: Awaited<ReturnType<WeirUnderTest['waitForEnd']>>[] = [];
  for (const traceId of traceIds) {
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const job = await weir.submit(chatJob(`Repeat after me: ${canary}.`), { headers });
    ended.push(await weir.waitForEnd(String(job['id'])));
  }
  const filtered = await weir.submit(chatJob(`Refuse this: ${canary}`));
  ended.push(await weir.waitForEnd(String(filtered['id'])));
  await weir.stopHost();

  const attempts = ended.flatMap((job) => job.attempts);
  expect(attempts).toHaveLength(ended.length + 1);
  expect(events('weir.job').map(idOf).toSorted()).toEqual(ended.map((job) => job.id).toSorted());
  expect(events('weir.attempt')).toHaveLength(attempts.length);
  expect(ofType('RemoteDependencyData')).toHaveLength(attempts.length);

  const requests = await readRequests(weir);
  for (const [index, traceId] of traceIds.entries()) {
    const { id } = ended[index];
    const told = ingestion.received.filter((one) => JSON.stringify(one.data).includes(id));
    expect(new Set(told.map((one) => one.tags['ai.operation.id']))).toEqual(new Set([traceId]));
    const calls = requests.filter((request) => request.job === id);
    expect(calls.map((call) => call.traceparent?.split('-')[1])).toEqual(calls.map(() => traceId));
    expect(calls.length).toBeGreaterThan(0);
  }

  const answers = ended.map((job) => String(job.response.body.choices[0].message.content).slice(0, 24));
  const left = JSON.stringify(ingestion.received) + weir.hostLines.join('\n');
  for (const secret of [canary, ...answers, ...Object.values(weir.keys)]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(left).not.toContain(secret);
  }
});

const ofType = (baseType: string) => ingestion.received.filter(({ data }) => data.baseType === baseType);
const events = (name: string) => ofType('EventData').filter(({ data }) => data.baseData['name'] === name);
const idOf = ({ data }: FakeIngestion['received'][number]) =>
  (data.baseData['properties'] as Record<string, string>)['jobId'] ?? '';
