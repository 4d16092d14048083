import { describe, expect, it } from 'vitest';
import { describeProblems } from '../../../../src/core/config/describe-problems.ts';
import { type IssuedKey, mergeKeys, parseKeysDocument } from '../../../../src/core/identity/keys-document.ts';
import { exampleConfig } from '../config/example.ts';

const digest = (letter: string) => letter.repeat(64);

describe('parseKeysDocument', () => {
  it('reads keys with their teams', () => {
    const key = { team: 'search', sha256: digest('c'), name: 'nightly', createdAt: '2026-11-23T12:00:00Z' };
    expect(parseKeysDocument(JSON.stringify({ keys: [key] }))).toEqual({ outcome: 'valid', keys: [key] });
  });

  it('names every mistake and repeats no key', () => {
    const reading = parseKeysDocument(
      JSON.stringify({
        keys: [
          { team: 'A B', sha256: 'weir_secret' },
          { sha256: digest('c'), x: 1 },
        ],
      }),
    );
    if (reading.outcome === 'valid') throw new Error('expected problems');
    const message = describeProblems(reading.problems);
    for (const path of ['keys[0].team', 'keys[0].sha256', 'keys[1].team', 'keys[1].x']) expect(message).toContain(path);
    expect(message).not.toContain('weir_secret');
  });
});

describe('mergeKeys', () => {
  const keysOf = (keys: readonly IssuedKey[]) =>
    mergeKeys(exampleConfig(), keys).teams.map((team) => [team.id, team.keys.map((key) => key.sha256[0])]);

  it('adds keys to their teams and opens nothing for unknown ones', () => {
    expect(
      keysOf([
        { team: 'search', sha256: digest('c') },
        { team: 'nobody', sha256: digest('d') },
      ]),
    ).toEqual([
      ['search', ['a', 'c']],
      ['support', ['b']],
    ]);
  });

  it('leaves a key with whom it was first', () => {
    expect(
      keysOf([
        { team: 'support', sha256: digest('a') },
        { team: 'search', sha256: digest('c') },
        { team: 'support', sha256: digest('c') },
      ]),
    ).toEqual([
      ['search', ['a', 'c']],
      ['support', ['b']],
    ]);
  });
});
