import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../../bench/virtual-time.ts';
import { withVirtualTimers } from '../../../bench/virtual-timers.ts';

describe('virtual timers', () => {
  it('run timeouts and intervals in virtual time until they are cleared, and give the real ones back', async () => {
    const real = { setTimeout, setInterval };
    const time = new VirtualTime(1000);
    const seen: string[] = [];
    await withVirtualTimers(time, async () => {
      const every = setInterval(() => seen.push(`interval ${Date.now()}`), 400);
      const dropped = setTimeout(() => seen.push('dropped'), 100);
      clearTimeout(dropped);
      setTimeout(() => {
        seen.push(`timeout ${Date.now()}`);
        clearInterval(every);
      }, 900);
      await time.run(5000);
    });
    expect(seen).toEqual(['interval 1400', 'interval 1800', 'timeout 1900']);
    expect({ setTimeout, setInterval }).toEqual(real);
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
  });
});
