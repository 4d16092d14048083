import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../../bench/virtual-time.ts';

describe('virtual time', () => {
  it('jumps to what happens next and runs events of one moment in the order they were planned', async () => {
    const time = new VirtualTime(1000);
    const seen: string[] = [];
    time.at(5000, () => seen.push(`late ${time.nowMs}`));
    time.at(2000, () => seen.push(`first ${time.nowMs}`));
    time.at(2000, () => seen.push('second'));
    time.at(500, () => seen.push(`past ${time.nowMs}`));
    await time.run(10_000);
    expect(seen).toEqual(['past 1000', 'first 2000', 'second', 'late 5000']);
    expect(time.nowMs).toBe(10_000);
  });

  it('lets sleepers go on in time, or early when they are called', async () => {
    const time = new VirtualTime(0);
    const seen: number[] = [];
    const controller = new AbortController();
    void time.sleep(300).then(() => seen.push(time.nowMs));
    void time.sleep(9000, controller.signal).then(() => seen.push(time.nowMs));
    time.at(400, () => controller.abort());
    await time.run(1000);
    expect(seen).toEqual([300, 400]);
  });

  it('leaves what lies behind the end for the next run', async () => {
    const time = new VirtualTime(0);
    let isRun = false;
    time.at(2000, () => {
      isRun = true;
    });
    await time.run(1999);
    expect(isRun).toBe(false);
    await time.run(2000);
    expect(isRun).toBe(true);
  });

  it('gives machines clocks that are apart', () => {
    const time = new VirtualTime(1000);
    expect(time.clock(250).now() - time.clock(-250).now()).toBe(500);
  });
});
