import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { handBack } from '../../../../src/core/gateway/hand-back.ts';
import { receiveMessage } from '../../../../src/core/gateway/receive-message.ts';
import { receivePoisonMessage } from '../../../../src/core/gateway/receive-poison-message.ts';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import { maxFailedWakes } from '../../../../src/core/jobs/count-failed-wakes.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import { writeWakeUpMessage } from '../../../../src/core/jobs/wake-up-message.ts';
import { NewerRowError } from '../../../../src/core/versioned.ts';
import { GatewayUnderTest, storageAway } from '../../../support/gateway-under-test.ts';
import { answer, hang } from '../../../support/scripted-upstream.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

afterEach(() => {
  gateway.expectSound();
});

const statusOf = (job: Job) => gateway.job(job).end?.status ?? gateway.liveRow(job)?.state;

/** Runs a job on a process that dies in the middle of the call. */
async function loseWorker(job: Job): Promise<void> {
  const dying = new GatewayUnderTest({ beside: gateway });
  gateway.upstream.script('*', async (request, signal) => {
    dying.jobs.next('apply', () => new Promise(() => {}), 1000);
    dying.jobs.next('readLive', () => new Promise(() => {}), 1000);
    return hang()(request, signal);
  });
  void dying.wake(job);
  await gateway.clock.advance(1000);
  expect(gateway.liveRow(job)?.state).toBe('running');
}

describe('the sweep', () => {
  test('leaves alone what waits for its turn or is in good hands', async () => {
    await gateway.accept();
    const running = await gateway.accept();
    gateway.upstream.script('*', hang());
    const run = gateway.wake(running);
    await gateway.clock.advance(20_000);
    expect(await sweep(gateway.ports)).toMatchObject({ looked: 2, resent: 0, rescued: 0, ended: 0 });
    await gateway.clock.advance(600_000);
    await run;
    await sweep(gateway.ports);
  });

  test('sends a lost wake-up again after thirty seconds, then after twice as long each time', async () => {
    const job = await gateway.accept();
    const sentAfterSeconds: number[] = [];
    for (let second = 1; second <= 300; second += 1) {
      await gateway.clock.advance(1000);
      if ((await sweep(gateway.ports)).resent === 1) sentAfterSeconds.push(second);
    }
    expect(sentAfterSeconds).toEqual([30, 90, 210]);
    expect(gateway.liveRow(job)).toMatchObject({ resends: 3, state: 'queued' });
    await gateway.deliverAll();
    expect(statusOf(job)).toBe('succeeded');
  });

  test('a job that was accepted while the queue was down runs once the queue is back', async () => {
    gateway.wakeQueue.fail('send', storageAway);
    const { view } = await gateway.submit();
    await gateway.clock.advance(31_000);
    await sweep(gateway.ports);
    await gateway.deliverAll();
    expect(statusOf(view.job)).toBe('succeeded');
  });

  test('expires what waits past its deadline', async () => {
    const job = await gateway.accept({ deadlineSeconds: 5 });
    await gateway.clock.advance(5000);
    expect(await sweep(gateway.ports)).toMatchObject({ ended: 1 });
    expect(statusOf(job)).toBe('expired');
  });

  test("books a lost worker's call as unknown and wakes the job", async () => {
    const job = await gateway.accept();
    await loseWorker(job);
    await gateway.clock.advance(43_000);
    expect(await sweep(gateway.ports)).toMatchObject({ rescued: 0 });
    await gateway.clock.advance(1500);
    expect(await gateway.finish(sweep(gateway.ports))).toMatchObject({ rescued: 1 });
    expect(gateway.usage(job)).toMatchObject([
      { attempt: 1, outcome: 'unknown', measured: false, deployment: 'eastus' },
    ]);
    expect(gateway.usage(job)[0]?.costNanoUsd).toBeGreaterThan(0);
    await gateway.deliverAll();
    expect(statusOf(job)).toBe('succeeded');
    expect(gateway.trail(job)).toEqual([
      'accepted',
      'claimed',
      'attempt',
      'rescued',
      'claimed',
      'attempt',
      'succeeded',
    ]);
  });

  test("takes a lost worker's job over while it still looks for those who sleep", async () => {
    const job = await gateway.accept();
    await loseWorker(job);
    const sleeper = await gateway.accept();
    const ticket = { start: 0, finish: 1 };
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 900_000, ticket, reason: 'tpm' });
    await gateway.finish(gateway.wake(sleeper));
    await gateway.clock.advance(45_000);
    const slow = Object.assign(Object.create(gateway.capacity) as typeof gateway.capacity, {
      forecast: async () => {
        await gateway.clock.sleep(60_000);
        return null;
      },
    });
    const swept = sweep({ ...gateway.ports, capacity: slow });
    await gateway.clock.advance(6000);
    expect(gateway.trail(job).at(-1)).toBe('rescued');
    expect(await gateway.finish(swept)).toMatchObject({ rescued: 1, woken: 0 });
    gateway.capacity.line = null;
    await gateway.deliverAll();
    await gateway.clock.advance(900_000);
    await gateway.deliverAll();
  });

  test('fault 12: two sweeps at once mend each job once', async () => {
    const second = new GatewayUnderTest({ beside: gateway });
    const late = await gateway.accept({ deadlineSeconds: 5 });
    const silent = await gateway.accept();
    const lost = await gateway.accept();
    await loseWorker(lost);
    await gateway.clock.advance(46_000);
    const tallies = await gateway.finish(Promise.all([sweep(gateway.ports), sweep(second.ports)]));
    const total = (name: 'ended' | 'rescued' | 'resent') => (tallies[0]?.[name] ?? 0) + (tallies[1]?.[name] ?? 0);
    expect([total('ended'), total('rescued'), total('resent')]).toEqual([1, 1, 1]);
    expect([statusOf(late), gateway.usage(lost).length, gateway.liveRow(silent)?.resends]).toEqual(['expired', 1, 1]);
  });

  test('goes through all pages', async () => {
    for (let count = 0; count < 12; count += 1) await gateway.accept();
    await gateway.clock.advance(31_000);
    expect(await sweep(gateway.ports)).toMatchObject({ looked: 12, resent: 12 });
  });

  test('a page that fails does not keep other teams from being swept', async () => {
    await gateway.accept();
    await gateway.accept({ team: 'support' });
    await gateway.clock.advance(31_000);
    gateway.live.fail('listLive', storageAway);
    expect(await sweep(gateway.ports)).toMatchObject({ failedPages: 1, resent: 1 });
  });

  test('a team over which the sweep itself fails does not keep others from being swept, and is told', async () => {
    await gateway.accept();
    await gateway.accept({ team: 'support' });
    await gateway.clock.advance(31_000);
    gateway.live.fail('listLive', new RangeError('a mistake of our own'));
    expect(await sweep(gateway.ports)).toMatchObject({ failedPages: 1, resent: 1 });
    expect(gateway.notices('page_not_swept')).toMatchObject([{ fields: { cause: 'RangeError' } }]);
  });

  test('a job over which the sweep itself fails does not keep those behind it from being mended', async () => {
    await gateway.accept({ deadlineSeconds: 5 });
    const other = await gateway.accept({ deadlineSeconds: 5 });
    const third = await gateway.accept({ team: 'support', deadlineSeconds: 5 });
    await gateway.clock.advance(6000);
    gateway.jobs.fail('readJob', new RangeError('a mistake of our own'));
    expect(await sweep(gateway.ports)).toMatchObject({ failedJobs: 1, ended: 2 });
    expect(gateway.notices('job_not_mended')).toHaveLength(1);
    expect([statusOf(other), statusOf(third)]).toContain('expired');
  });

  test('the jobs of a team that was taken out of the configuration are still ended', async () => {
    const job = await gateway.accept({ team: 'support', deadlineSeconds: 5 });
    gateway.config = { ...gateway.config, teams: gateway.config.teams.filter(({ id }) => id !== 'support') };
    await gateway.clock.advance(6000);
    await sweep(gateway.ports);
    expect(statusOf(job)).toBe('expired');
  });

  test('stops when the process is to end', async () => {
    await gateway.accept();
    await gateway.clock.advance(31_000);
    await gateway.ports.drain.begin(gateway.clock, 0);
    expect(await sweep(gateway.ports)).toMatchObject({ looked: 0 });
  });
});

describe('a lost worker', () => {
  test('fault 2: whose answer was stored is not paid twice: the answer is committed without a call', async () => {
    const job = await gateway.accept();
    const dying = new GatewayUnderTest({ beside: gateway });
    gateway.upstream.script('*', answer('stone '.repeat(6000)));
    dying.contents.next('keep', async (proceed) => {
      await proceed();
      dying.jobs.next('apply', () => new Promise(() => {}), 1000);
      return new Promise(() => {});
    });
    void dying.wake(job);
    await gateway.clock.advance(46_000);
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    expect(statusOf(job)).toBe('succeeded');
    expect(gateway.upstream.calls).toHaveLength(1);
    expect(gateway.usage(job)).toMatchObject([
      { outcome: 'succeeded', measured: true, usage: { inputTokens: 20, outputTokens: 10 } },
    ]);
  });

  test('whose refusal was stored leaves no answer behind', async () => {
    const job = await gateway.accept();
    const dying = new GatewayUnderTest({ beside: gateway });
    gateway.upstream.script(
      '*',
      { ...answer('stone '.repeat(6000)), statusCode: 400 } as ReturnType<typeof answer>,
      answer(),
    );
    dying.contents.next('keep', async (proceed) => {
      await proceed();
      dying.jobs.next('apply', () => new Promise(() => {}), 1000);
      dying.jobs.next('readLive', () => new Promise(() => {}), 1000);
      return new Promise(() => {});
    });
    void dying.wake(job);
    await gateway.clock.advance(46_000);
    await gateway.finish(gateway.wake(job));
    expect(gateway.upstream.calls).toHaveLength(2);
    expect(gateway.usage(job).map(({ outcome }) => outcome)).toEqual(['unknown', 'succeeded']);
  });

  test('for the third time over one job ends it as worker_lost, with each call on the books', async () => {
    const job = await gateway.accept();
    for (let loss = 0; loss < 3; loss += 1) {
      await loseWorker(job);
      await gateway.clock.advance(46_000);
      await gateway.finish(sweep(gateway.ports));
    }
    expect(gateway.job(job).end).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } });
    expect(gateway.usage(job).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  test('of a job that was to be cancelled is not replaced: the job is cancelled', async () => {
    const job = await gateway.accept();
    await loseWorker(job);
    const live = openTeam(gateway.state, 'search').live;
    const row = live.get(job.id);
    if (row === undefined) throw new Error('no live row');
    await gateway.ports.jobs.apply(
      'search',
      [{ kind: 'advance', live: { ...row.value, cancelRequested: true }, version: row.version, usage: [] }],
      null,
    );
    await gateway.clock.advance(46_000);
    await gateway.finish(gateway.wake(job));
    expect([statusOf(job), gateway.upstream.calls.length]).toEqual(['cancelled', 1]);
  });
});

describe('messages', () => {
  const messageFor = ({ team, id }: Job) => writeWakeUpMessage({ team, job: id });

  test('a message that points to nothing is put on record without its text', async () => {
    for (const text of ['{', '{"v":1}', '[]', 'canary']) {
      expect(await receiveMessage(gateway.ports, 'bulk', { text, expiresAtMs: null })).toBe('dead_letter');
    }
    expect(await gateway.letters.countSince(0)).toEqual({ interactive: 0, standard: 0, bulk: 4 });
    expect(JSON.stringify([...gateway.letters.letters.values(), ...gateway.events])).not.toContain('canary');
  });

  test('fault 6: a message of a newer version goes back unread, for later', async () => {
    const text = '{"v":99,"new":true}';
    expect(await receiveMessage(gateway.ports, 'standard', { text, expiresAtMs: null })).toBe('put_back');
    expect(gateway.state.queues.standard).toMatchObject([{ text, visibleAtMs: gateway.clock.now() + 60_000 }]);
  });

  test('fault 30: a wake-up for rows of a newer version goes back for a newer worker, from the lane and from its poison queue', async () => {
    const job = await gateway.accept();
    const text = messageFor(job);
    const row = gateway.liveRow(job);
    gateway.jobs.next('readLive', () => Promise.reject(new NewerRowError(`live|${job.id}`, 2)), 2);
    expect(await receiveMessage(gateway.ports, 'standard', { text, expiresAtMs: null })).toBe('put_back');
    await receivePoisonMessage(gateway.ports, 'standard', text);
    const visibleAtMs = gateway.clock.now() + 60_000;
    expect(gateway.state.queues.standard).toMatchObject([
      { text, visibleAtMs },
      { text, visibleAtMs },
    ]);
    expect(gateway.liveRow(job)).toEqual(row);
    expect(gateway.notices('newer_message')).toHaveLength(2);
  });

  test('fault 7: a poison message wakes its job again; that no worker could take it is no lost worker', async () => {
    const job = await gateway.accept();
    for (let failed = 1; failed < maxFailedWakes; failed += 1) {
      await receivePoisonMessage(gateway.ports, 'standard', messageFor(job));
      expect(gateway.liveRow(job)).toMatchObject({ rescues: 0, state: 'queued' });
      expect(gateway.state.queues.standard).toHaveLength(failed);
    }
    gateway.upstream.script('*', answer());
    await gateway.finish(gateway.wake(job));
    expect(gateway.job(job).end).toMatchObject({ status: 'succeeded' });
  });

  test('a job whose wake-ups fail every time is given up in the end', async () => {
    const job = await gateway.accept();
    for (let failed = 1; failed <= maxFailedWakes; failed += 1) {
      await receivePoisonMessage(gateway.ports, 'standard', messageFor(job));
      expect(statusOf(job)).toBe(failed < maxFailedWakes ? 'queued' : 'failed');
    }
    expect(gateway.job(job).end).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } });
    await receivePoisonMessage(gateway.ports, 'standard', messageFor(job));
  });

  test('a wait in between begins the count of failed wake-ups anew', async () => {
    const job = await gateway.accept();
    const giveUp = () => receivePoisonMessage(gateway.ports, 'standard', messageFor(job));
    for (let failed = 1; failed < maxFailedWakes; failed += 1) await giveUp();
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: null, reason: 'tpm' });
    await gateway.wake(job);
    await gateway.clock.advance(61_000);
    for (let failed = 1; failed < maxFailedWakes; failed += 1) await giveUp();
    expect(statusOf(job)).toBe('queued');
  });

  test('a process without configuration hands a message back, unread and with the life it has left', async () => {
    const now = gateway.clock.now();
    await handBack(gateway.ports, 'bulk', { text: '{"v":1,"team":"a"}', expiresAtMs: now + 60_000 });
    const [message] = gateway.state.queues.bulk;
    expect(message?.text).toBe('{"v":1,"team":"a"}');
    expect(message?.visibleAtMs).toBeGreaterThanOrEqual(now + 2000);
    expect(message?.visibleAtMs).toBeLessThanOrEqual(now + 6000);
  });

  test('a poison message does nothing to a job that runs or is not due yet', async () => {
    const running = await gateway.accept();
    gateway.upstream.script('*', hang());
    const run = gateway.wake(running);
    await gateway.clock.advance(10);
    await receivePoisonMessage(gateway.ports, 'standard', messageFor(running));
    expect(gateway.liveRow(running)).toMatchObject({ state: 'running', rescues: 0 });

    const parked = await gateway.accept();
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: null, reason: 'tpm' });
    await gateway.wake(parked);
    await receivePoisonMessage(gateway.ports, 'standard', messageFor(parked));
    expect(gateway.liveRow(parked)?.rescues).toBe(0);
    await gateway.finish(run);
  });

  test('a poison message of unknown shape is put on record', async () => {
    await receivePoisonMessage(gateway.ports, 'standard', '{');
    await receivePoisonMessage(gateway.ports, 'standard', '{"v":99}');
    expect((await gateway.letters.countSince(0)).standard).toBe(2);
  });
});
