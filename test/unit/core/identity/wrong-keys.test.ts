import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { WeirError } from '../../../../src/core/http/weir-error.ts';
import { authenticate } from '../../../../src/core/identity/authenticate.ts';
import { findKeyTeam } from '../../../../src/core/identity/find-key-team.ts';
import { exampleConfig } from '../config/example.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const teamsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `team-${index}`,
    keys: [{ sha256: sha256(`key-${index}-a`) }, { sha256: sha256(`key-${index}-b`) }],
  }));

describe('ten thousand wrong keys', () => {
  it('all get the same answer, cost one digest each, and reach nothing but the configuration in memory', async () => {
    const digest = vi.fn(sha256);
    const verify = vi.fn();
    const ports = {
      config: exampleConfig({ teams: teamsOf(50) }),
      sha256: digest,
      tokenVerifier: { verify },
      isPlatformAuthOn: false,
    };
    const answers = new Set<string>();
    for (let count = 0; count < 10_000; count += 1) {
      const answer = await authenticate(ports, new Headers({ 'api-key': `weir_search_${count.toString(36)}` }));
      if (!(answer instanceof WeirError)) throw new Error('A wrong key was accepted');
      answers.add(JSON.stringify([answer.status, answer.code, answer.message]));
    }
    expect(answers.size).toBe(1);
    expect(digest).toHaveBeenCalledTimes(10_000);
    expect(verify).not.toHaveBeenCalled();
  });
});

describe('findKeyTeam', () => {
  /** Teams that note every reading of a digest: the work done is what an attacker could time. */
  function watched() {
    let readings = 0;
    const { teams } = exampleConfig({ teams: teamsOf(20) });
    const watching = teams.map((team) => ({
      ...team,
      keys: team.keys.map((key) => ({
        get sha256() {
          readings += 1;
          return key.sha256;
        },
      })),
    }));
    return { teams: watching, readings: () => readings };
  }

  it.each([
    ['the first key', sha256('key-0-a'), 'team-0'],
    ['the last key', sha256('key-19-b'), 'team-19'],
    ['a key with a right beginning', `${sha256('key-7-a').slice(0, 63)}x`, null],
    ['a wrong key', sha256('nobody'), null],
    ['a text that is no digest', 'short', null],
  ])('looks at every key for %s', (_what, digest, owner) => {
    const { teams, readings } = watched();
    expect(findKeyTeam(teams, digest)?.id ?? null).toBe(owner);
    expect(readings()).toBe(40);
  });

  it('compares every character, wherever the first difference is', () => {
    const digest = sha256('key-0-a');
    const looked = (wrong: string) => {
      let characters = 0;
      // Counts what is read of the configured digest while it is compared.
      const spy = vi.spyOn(String.prototype, 'charCodeAt').mockImplementation(function (this: string, at = 0) {
        characters += 1;
        return this.codePointAt(at) ?? Number.NaN;
      });
      const { teams } = exampleConfig({ teams: teamsOf(1) });
      characters = 0;
      const found = findKeyTeam(teams, wrong);
      spy.mockRestore();
      expect(found).toBeNull();
      return characters;
    };
    expect(looked(`x${digest.slice(1)}`)).toBe(looked(`${digest.slice(0, 63)}x`));
    expect(looked(randomBytes(32).toString('hex'))).toBe(2 * 2 * 64);
  });
});
