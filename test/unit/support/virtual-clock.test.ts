import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('VirtualClock', () => {
  it('wakes waiters in the order of their times, those of one moment in the order of their calls', async () => {
    const clock = new VirtualClock(0);
    const woken: string[] = [];
    const wait = async (name: string, durationMs: number) => {
      await clock.sleep(durationMs);
      woken.push(`${name}@${clock.now()}`);
    };
    void wait('c', 20);
    void wait('a', 10);
    void wait('b', 10);
    await clock.advance(15);
    expect(woken).toEqual(['a@10', 'b@10']);
    expect(clock.now()).toBe(15);
    expect(await clock.advanceToNext()).toBe(true);
    expect(woken).toEqual(['a@10', 'b@10', 'c@20']);
    expect(await clock.advanceToNext()).toBe(false);
  });

  it('lets one who wakes sleep again within the same advance', async () => {
    const clock = new VirtualClock(0);
    const ticks: number[] = [];
    void (async () => {
      while (ticks.length < 3) {
        await clock.sleep(10);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(100);
    expect(ticks).toEqual([10, 20, 30]);
    expect(clock.sleeping).toBe(0);
  });

  it('ends a sleep early when it is aborted and forgets it', async () => {
    const clock = new VirtualClock(0);
    const controller = new AbortController();
    const sleep = clock.sleep(1000, controller.signal);
    controller.abort();
    await sleep;
    expect(clock.now()).toBe(0);
    expect(clock.sleeping).toBe(0);
  });
});
