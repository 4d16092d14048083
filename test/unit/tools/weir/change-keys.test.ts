import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IssuedKey } from '../../../../src/core/identity/keys-document.ts';
import { changeKeys, mostKeysPerTeam } from '../../../../tools/weir/change-keys.ts';

const hash = (letters: string) => letters.padEnd(64, '0');
const first: IssuedKey = { team: 'search', sha256: hash('aaaaaa1'), name: 'first', createdAt: '2026-01-02T00:00:00Z' };
const second: IssuedKey = { team: 'search', sha256: hash('aaaaaa2'), name: 'second' };
const other: IssuedKey = { team: 'support', sha256: hash('bbbbbb'), name: 'first' };

const add = (keys: readonly IssuedKey[], key: IssuedKey, isRotation = false) =>
  changeKeys(keys, { kind: 'add', key, isRotation });
const revoke = (keys: readonly IssuedKey[], key: string, team: string | null = null) =>
  changeKeys(keys, { kind: 'revoke', team, key });

describe('adding a key', () => {
  it('makes the first of a team and the second, and names what is left', () => {
    expect(add([other], first)).toEqual({ outcome: 'changed', keys: [other, first], affected: first, left: [] });
    expect(add([other, first], second, true)).toMatchObject({ keys: [other, first, second], left: [first] });
  });

  it('refuses a third, a rotation of nothing, and a name that is taken', () => {
    const third = { team: 'search', sha256: hash('c') };
    expect(add([first, second], third)).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining('aaaaaa1'),
    });
    expect(add([other], first, true)).toMatchObject({ outcome: 'refused' });
    expect(add([first], { ...third, name: 'first' })).toMatchObject({ outcome: 'refused' });
  });

  it('takes a key that is there for one whose write was applied without an answer', () => {
    expect(add([first, second], second, true)).toMatchObject({ outcome: 'changed', keys: [first, second] });
  });
});

describe('revoking a key', () => {
  it('finds it by name in its team and by the beginning of its hash', () => {
    expect(revoke([first, second, other], 'first', 'search')).toMatchObject({ affected: first, keys: [second, other] });
    expect(revoke([first, second], 'AAAAAA2')).toMatchObject({ affected: second, left: [first] });
  });

  it.each([
    ['several fit', 'aaaaaa', null],
    ['several teams have the name', 'first', null],
    ['too little of the hash', 'bbbbb', null],
    ["another team's key", 'bbbbbb', 'search'],
    ['nothing fits', 'weir_search_secret', null],
  ])('refuses when %s, and repeats nothing that may be a key', (_why, key, team) => {
    const decision = revoke([first, second, other], key, team);
    if (decision.outcome !== 'refused') throw new Error('expected a refusal');
    expect(decision.message).not.toContain('weir_search_secret');
  });
});

it('never leaves a team with more keys than allowed, nor touches another team', () => {
  const step = fc.record({
    team: fc.constantFrom('search', 'support'),
    hash: fc.integer({ min: 1, max: 9 }),
    isAdd: fc.boolean(),
    isRotation: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let keys: readonly IssuedKey[] = [];
      for (const { team, hash: digit, isAdd, isRotation } of steps) {
        const sha256 = hash(`${team === 'search' ? 'a' : 'b'}${digit}ffffff`);
        const key = { team, sha256, name: `k${digit}` };
        const decision = isAdd ? add(keys, key, isRotation) : revoke(keys, sha256, team);
        if (decision.outcome === 'refused') continue;
        const others = (list: readonly IssuedKey[]) => list.filter((one) => one.team !== team);
        expect(others(decision.keys)).toEqual(others(keys));
        keys = decision.keys;
        expect(keys.some((one) => one.sha256 === sha256)).toBe(isAdd);
        expect(keys.filter((one) => one.team === team).length).toBeLessThanOrEqual(mostKeysPerTeam);
      }
    }),
  );
});
