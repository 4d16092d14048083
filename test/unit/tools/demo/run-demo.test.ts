import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { loadPrompts } from '../../../../tools/demo/load-prompts.ts';
import { readOptions } from '../../../../tools/demo/read-options.ts';
import { type DemoRun, runDemo } from '../../../../tools/demo/run-demo.ts';
import { createFakeClock, createFakeWeir, type FakeFaults } from './fake-weir.ts';

const startMs = Date.UTC(2026, 10, 2, 9);
const prompts = loadPrompts();

async function run(faults: FakeFaults, args: readonly string[] = ['--jobs', '60'], locate?: DemoRun['locate']) {
  const reading = readOptions(args);
  if (reading.outcome !== 'run') throw new Error('the options of this test are wrong');
  const clock = createFakeClock(startMs);
  const weir = createFakeWeir(clock, faults);
  const keys = { search: 'key-of-search', support: 'key-of-support' };
  let output = '';
  const stream = new PassThrough().on('data', (chunk) => {
    output += String(chunk);
  });
  const report = await runDemo({
    run: 'demo-test',
    teams: ['search', 'support'],
    prompts,
    options: reading.options,
    locate: locate ?? (() => ({ baseUrl: 'http://weir', keys, simulatorUrl: null })),
    call: weir.call,
    clock,
    output: stream as unknown as NodeJS.WriteStream,
  });
  const verdicts = Object.fromEntries(report.checks.map((check) => [check.claim, check.verdict]));
  return { report, verdicts, weir, output };
}

const good = {
  'Every job was accepted': 'pass',
  'None was lost': 'pass',
  'Every accepted job succeeded': 'pass',
  'No job exists twice': 'pass',
  'The accounts hold every upstream call once': 'pass',
  'The simulated regions saw no other call': 'skipped',
};

describe('runDemo', () => {
  it('sends every job once and finds the books in order', async () => {
    const { report, verdicts, weir } = await run({});
    expect(verdicts).toEqual(good);
    expect(weir.seen.submissions()).toBe(60);
    expect(report.teams.groups.map((team) => [team.label, team.jobs, team.succeeded])).toEqual([
      ['search', 30, 30],
      ['support', 30, 30],
    ]);
    expect(report.teams.all.wait.p50Ms).toBe(500);
    expect(report.teams.all.costMicroUsd).toBe(60 * 72);
  });

  it('holds few connections at a time', async () => {
    const { weir } = await run({}, ['--jobs', '320']);
    expect(weir.seen.mostOpenCalls).toBeLessThanOrEqual(28);
  });

  it('waits through a dead host and says so', async () => {
    const { report, verdicts, output } = await run({ deadFromMs: startMs + 40, deadUntilMs: startMs + 9_000 });
    expect(verdicts).toEqual(good);
    expect(report.outages).toBe(1);
    expect(output).toContain('waiting for the host… (ECONNREFUSED)');
    expect(output).toMatch(/the host is back after \d/);
  });

  it('submits again after a lost answer without making a second job', async () => {
    const { report, verdicts } = await run({ loseAnswerOfEvery: 5 });
    expect(verdicts).toEqual(good);
    expect(report.replays).toBeGreaterThan(5);
  });

  it('comes back when the queue was full', async () => {
    const { report, verdicts } = await run({ fullQueueTimes: 9 });
    expect(verdicts).toEqual(good);
    expect(report.deferrals).toBe(9);
  });

  it('gives up on a host that stays away, and tells what was not done', async () => {
    const { verdicts, output } = await run({ deadFromMs: startMs + 30, deadUntilMs: Infinity }, [
      ...['--jobs', '40'],
      ...['--patience', '20'],
    ]);
    expect(verdicts['Every job was accepted']).toBe('fail');
    expect(verdicts['No job exists twice']).toBe('skipped');
    expect(output).toMatch(/No good answer to \w+ within \d+ s \(ECONNREFUSED\)/);
  });

  it('does not wait a second time for a host that stayed away', async () => {
    const { report } = await run({ deadFromMs: startMs, deadUntilMs: Infinity }, [
      ...['--jobs', '4'],
      ...['--patience', '60'],
    ]);
    expect(report.accepted).toBe(0);
    expect(report.tookMs).toBeLessThan(90_000);
  });

  it('ends at its timeout when jobs do not', async () => {
    const { verdicts, output } = await run({}, ['--jobs', '10', '--timeout', '1']);
    expect(verdicts['None was lost']).toBe('fail');
    expect(output).toContain('The time for this run is up.');
  });

  it.each([
    ['a job that the service forgot', { forget: 7 }, 'None was lost'],
    ['a job that failed', { failJob: 3 }, 'Every accepted job succeeded'],
    ['a second job made of one submission', { doubleJob: 11 }, 'No job exists twice'],
    ['a call that is booked twice', { doubleUsage: 20 }, 'The accounts hold every upstream call once'],
  ])('catches %s', async (_fault, faults, claim) => {
    const { verdicts } = await run(faults);
    expect(verdicts[claim]).toBe('fail');
  });

  it('looks for the host again where it says it is', async () => {
    let looks = 0;
    const { verdicts, output } = await run({}, ['--jobs', '6'], () => {
      looks += 1;
      const keys = { search: 'key-of-search', support: 'key-of-support' };
      return looks > 4 && looks < 30 ? null : { baseUrl: 'http://weir', keys, simulatorUrl: null };
    });
    expect(verdicts).toEqual(good);
    expect(output).toContain('no running Weir is announced');
  });
});
