import { expect, test } from 'vitest';
import { StorageCheck, verdictFreshMs } from '../../../../src/core/gateway/storage-check.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const storage = { isAway: false, questions: 0 };
  const ask = async () => {
    storage.questions += 1;
    if (storage.isAway) throw new Error('away');
  };
  return { clock, storage, check: new StorageCheck({ ask, clock }) };
}

test('a thousand callers, at once and one after another, cost one question', async () => {
  const { check, storage } = setUp();
  const verdicts = await Promise.all(Array.from({ length: 500 }, () => check.isAnswering()));
  for (let call = 0; call < 500; call += 1) verdicts.push(await check.isAnswering());
  expect(new Set(verdicts)).toEqual(new Set([true]));
  expect(storage.questions).toBe(1);
});

test('a verdict is repeated for two seconds and then asked for anew, good or bad', async () => {
  const { check, clock, storage } = setUp();
  expect(await check.isAnswering()).toBe(true);
  storage.isAway = true;
  await clock.advance(verdictFreshMs - 1);
  expect(await check.isAnswering()).toBe(true);
  await clock.advance(1);
  expect(await check.isAnswering()).toBe(false);
  storage.isAway = false;
  expect(await check.isAnswering()).toBe(false);
  await clock.advance(verdictFreshMs);
  expect(await check.isAnswering()).toBe(true);
  expect(storage.questions).toBe(3);
});
