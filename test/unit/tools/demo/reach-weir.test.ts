import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../../../../tools/demo/locate-weir.ts';
import { reachWeir } from '../../../../tools/demo/reach-weir.ts';
import { createFakeClock, createFakeWeir } from './fake-weir.ts';

const location = { baseUrl: 'http://weir', keys: { search: 'key-of-search' }, simulatorUrl: null };

describe('reachWeir', () => {
  it('is content with any answer', async () => {
    const clock = createFakeClock(0);
    expect(await reachWeir(location, createFakeWeir(clock).call, clock)).toBeNull();
  });

  it('says within moments why nobody answers', async () => {
    const clock = createFakeClock(0);
    const { call } = createFakeWeir(clock, { deadFromMs: 0, deadUntilMs: Infinity });
    expect(await reachWeir(location, call, clock)).toBe('ECONNREFUSED');
    expect(clock.now()).toBeLessThanOrEqual(1000);
  });
});

describe('readRunFile', () => {
  it.each([
    ['a process that is gone', 2 ** 22 + 1],
    ['a process that is no launcher', process.pid],
  ])('finds no Weir in a file that names %s', (_what, launcher) => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-run-'));
    const file = join(folder, 'run.json');
    writeFileSync(file, JSON.stringify({ ...location, pids: { launcher } }));
    expect(readRunFile(file)).toBeNull();
    rmSync(folder, { recursive: true });
  });
});
