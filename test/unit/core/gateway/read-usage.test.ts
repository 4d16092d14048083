import { expect, test } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { keyOfUsage } from '../../../../src/core/adapters/memory/usage-store.ts';
import { readUsage } from '../../../../src/core/gateway/read-usage.ts';
import { GatewayUnderTest, principalOf } from '../../../support/gateway-under-test.ts';
import { makeSampleId, makeSampleUsage } from '../../../support/sample-jobs.ts';

const rowsAPage = 1000;

/** Puts calls of a team on record, all of one moment: a listing has to read past its page. */
function addCalls(gateway: GatewayUnderTest, team: string, count: number, atMs: number): void {
  const { usage } = openTeam(gateway.state, team);
  for (let number = 1; number <= count; number += 1) {
    const jobId = makeSampleId(atMs - number, team.padEnd(32, '-'));
    const row = makeSampleUsage(team, { jobId, atMs });
    usage.set(keyOfUsage(row), row);
  }
}

/** Every page of usage takes so long to read. */
function slowDown({ clock, ports }: GatewayUnderTest, pageMs: number): void {
  const list = ports.usage.list.bind(ports.usage);
  ports.usage.list = async (...asked) => {
    await clock.sleep(pageMs);
    return list(...asked);
  };
}

test('sums over a window that cannot be read in half a minute are refused, over a shorter one they are answered', async () => {
  const gateway = new GatewayUnderTest();
  const nowMs = gateway.clock.now();
  addCalls(gateway, 'search', 3 * rowsAPage, nowMs - 1000);
  slowDown(gateway, 20_000);
  const ask = (fromMs: number) => {
    const query = { window: { fromMs, toMs: nowMs }, groupBy: ['model'], after: null } as const;
    return gateway.finish(readUsage(gateway.ports, principalOf('search'), query));
  };
  await expect(ask(nowMs - 60_000)).rejects.toMatchObject({
    status: 400,
    code: 'invalid_request',
    param: 'from',
    message: expect.stringContaining('ask for shorter windows'),
  });
  expect(await ask(nowMs - 500)).toMatchObject({ data: [] });
});

test('sums over many teams are answered however short the time: no shorter window would make them fewer', async () => {
  const gateway = new GatewayUnderTest();
  const nowMs = gateway.clock.now();
  for (let number = 0; number < 300; number += 1) {
    gateway.state.registered.add(`team-${number}`);
    addCalls(gateway, `team-${number}`, 2, nowMs - 1000);
  }
  slowDown(gateway, 200);
  const query = { window: { fromMs: nowMs - 60_000, toMs: nowMs }, groupBy: [], after: null };
  const sums = await gateway.finish(readUsage(gateway.ports, principalOf('platform', 'operator'), query));
  expect(sums.data).toMatchObject([{ requests: 600 }]);
});

test('an operator lists the calls of all teams page by page, each once and newest first, however long the teams take to read', async () => {
  const gateway = new GatewayUnderTest();
  const nowMs = gateway.clock.now();
  for (let number = 0; number < 300; number += 1) {
    const team = `team-${number}`;
    gateway.state.registered.add(team);
    addCalls(gateway, team, 4, nowMs - 1000 - (number % 7));
  }
  addCalls(gateway, 'team-5', rowsAPage + 200, nowMs - 2000);
  slowDown(gateway, 5000);
  const seen: { id: string; atMs: number }[] = [];
  const sizes: number[] = [];
  for (let after: { atMs: number; id: string } | null = null; ; ) {
    const query = { window: { fromMs: nowMs - 60_000, toMs: nowMs }, groupBy: null, after };
    const page = await gateway.finish(readUsage(gateway.ports, principalOf('platform', 'operator'), query));
    sizes.push(page.data.length);
    for (const row of page.data as { id: string; at: number }[])
      seen.push({ id: row.id, atMs: Math.round(row.at * 1000) });
    after = seen.at(-1) ?? null;
    if (!page.has_more) break;
    expect(page.last_id).toBe(after?.id);
  }
  expect(sizes).toEqual([1000, 1000, 400]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(300 * 4 + rowsAPage + 200);
  expect(seen.map(({ atMs }) => atMs)).toEqual(seen.map(({ atMs }) => atMs).toSorted((left, right) => right - left));
});
