import { expect, test } from 'vitest';
import { Drain } from '../../../../src/core/gateway/drain.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

test('draining ends when the last work does', async () => {
  const clock = new VirtualClock();
  const drain = new Drain();
  const work = [drain.track(() => clock.sleep(300)), drain.track(() => clock.sleep(700))];
  const drained = drain.begin(clock, 20_000).then(() => clock.now());
  const startedAtMs = clock.now();
  await clock.advance(20_000);
  await Promise.all(work);
  expect((await drained) - startedAtMs).toBe(700);
  expect(drain.isDraining).toBe(true);
});

test('draining cuts calls after the grace time and waits a little for what they leave to write', async () => {
  const clock = new VirtualClock();
  const drain = new Drain();
  const startedAtMs = clock.now();
  const work = drain.track(async () => {
    await clock.sleep(60_000, drain.calls);
    await clock.sleep(100);
  });
  const drained = drain.begin(clock, 2000).then(() => clock.now());
  await clock.advance(10_000);
  await work;
  expect((await drained) - startedAtMs).toBe(2100);
});

test('draining does not wait for ever for what does not hear', async () => {
  const clock = new VirtualClock();
  const drain = new Drain();
  void drain.track(() => new Promise(() => {}));
  const drained = drain.begin(clock, 2000);
  await clock.advance(7000);
  await drained;
});
