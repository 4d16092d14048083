import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../../tools/demo/read-options.ts';

describe('readOptions', () => {
  it('asks for 320 jobs of the launcher’s Weir by default', () => {
    const reading = readOptions([]);
    expect(reading).toMatchObject({ outcome: 'run', options: { jobs: 320, url: null, keys: {}, timeoutMs: 900_000 } });
  });

  it('reads teams, lanes and an address', () => {
    const reading = readOptions([
      '--url',
      'http://127.0.0.1:9/',
      '--key',
      'a=k=1',
      '--key',
      'b=k2',
      '--lane',
      'bulk=4',
    ]);
    expect(reading).toMatchObject({
      options: {
        url: 'http://127.0.0.1:9',
        keys: { a: 'k=1', b: 'k2' },
        laneMix: { interactive: 0, standard: 0, bulk: 4 },
      },
    });
  });

  it.each([
    [['--jobs', '0'], '--jobs: received "0"'],
    [['--jobs', '1e3'], '--jobs: received "1e3"'],
    [['--timeout', '-1'], '--timeout'],
    [['--url', 'http://x'], '--url needs at least one --key'],
    [['--url', 'ftp://x', '--key', 'a=b'], '--url: received "ftp://x"'],
    [['--key', 'secret'], '--key: only TEAM=KEY is allowed.'],
    [['--lane', 'fast=1'], '--lane: received "fast=1"'],
    [['--lane', 'bulk=0'], 'at least one lane'],
    [['--speed', '9'], '--speed'],
    [['more'], 'more'],
  ])('refuses %j with a reason', (args, words) => {
    const reading = readOptions(args);
    expect(reading.outcome === 'invalid' && reading.message).toContain(words);
  });

  it('never repeats what may be a key', () => {
    expect(JSON.stringify(readOptions(['--key', 'weir_search_abc']))).not.toContain('abc');
  });
});
