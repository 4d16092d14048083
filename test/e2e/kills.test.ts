import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorSettings, paceSettings } from '../../tools/kills/fleet-settings.ts';
import { runKillerRound } from '../../tools/kills/run-killer-round.ts';
import { runKillRound } from '../../tools/kills/run-round.ts';
import { crashPoints } from '../../tools/reliability/crash-point.ts';
import { WeirUnderTest } from '../support/weir-under-test.ts';

// The short form of `npm run kills`. Workers start and die one after the other: on a busy machine that takes its time.
const timeoutMs = 900_000;

let fleet: WeirUnderTest;

beforeAll(async () => {
  fleet = await WeirUnderTest.start({ environment: { ...paceSettings('quick'), ...doorSettings } });
});

afterAll(async () => {
  await fleet.stop();
});

test('fault 1, fault 2, fault 3, fault 22: killed at whichever point, jobs end once, nothing stays held, and a stored answer is not paid twice', {
  timeout: timeoutMs,
}, async () => {
  const round = await runKillRound(fleet, { fault: 'every point', points: crashPoints, recoveryLimitSeconds: null });
  expect(round.injected).toBe(crashPoints.length);
  expect([...round.judgement.broken, ...round.broken]).toEqual([]);
  expect(round.judgement.bill.unknown).toBeGreaterThanOrEqual(2);
});

test('fault 25: a job that kills its worker each time ends worker_lost after three, and its neighbours do not suffer', {
  timeout: timeoutMs,
}, async () => {
  const round = await runKillerRound(fleet);
  expect(round.injected).toBe(3);
  expect([...round.judgement.broken, ...round.broken]).toEqual([]);
});
