import { describe, expect, it } from 'vitest';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { decodePool, encodePool } from '../../../../src/core/capacity/pool-rows.ts';
import { ask, batch, pool, startMs } from './sample-pool.ts';

const limits = pool({ teams: new Map([['search', { ...unknownTeam, tokensPerMinute: 9000 }]]) });
const requests = [ask(1000), ask(8000), ask(2000, { lane: 'bulk' }), ask(1000, { lane: 'bulk', team: 'other' })];
const { state } = decideBookings(batch({ limits, requests }));
const rows = [...encodePool(state)].map(([key, text]) => ({ key, text, version: '1' }));
const full = { state, limits };

function damage(key: string, text: string) {
  return rows.map((row) => (row.key === key ? { ...row, text } : row));
}

describe("a pool's rows", () => {
  it('hold everything that is known about the pool', () => {
    expect(decodePool(rows, limits, startMs)).toEqual({ state, damaged: [] });
  });

  it.each(['', '{', '[]', 'null', '{"ring":"zz zz"}', '{"ring":"1 -5.3","requests":""}'])(
    'take a deployment whose row is %j for full: no call for a minute, then as ever',
    (text) => {
      const read = decodePool(damage('deployment|east', text), limits, startMs);
      expect(read.damaged).toEqual(['deployment|east']);
      const soon = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 30_000, requests: [ask(1, { team: 'x' })] }),
      );
      expect(soon.results[0]?.outcome).toBe('wait');
      const later = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 61_000, requests: [ask(1, { team: 'x' })] }),
      );
      expect(later.results[0]?.outcome).toBe('booked');
    },
  );

  it.each([
    ['a calibration of nothing', { calibration: 0 }],
    ['a calibration of a hundred', { calibration: 100 }],
    ['a cool-down without end', { cooledUntilMs: 9e15 }],
    ['a ring with a digit too many', { ring: '17900000000 1.1' }],
  ])('take a deployment whose row parses but holds %s for full', (_what, wrong) => {
    const sound = rows.find(({ key }) => key === 'deployment|east')?.text ?? '';
    const text = JSON.stringify({ ...JSON.parse(sound), ...wrong });
    const read = decodePool(damage('deployment|east', text), limits, startMs);
    expect(read.damaged).toEqual(['deployment|east']);
  });

  it.each(['', '{"lanes":{}}', '{"lanes":{"interactive":1},"reservations":[]}', '{"lanes":null,"reservations":[{}]}'])(
    'begin the line anew when its row is %j, and serve the tickets of the old one',
    (text) => {
      const read = decodePool(damage('line', text), limits, startMs);
      expect(read.damaged).toEqual(['line']);
      const old = ask(100, { lane: 'bulk', team: 'x', ticket: { start: 1e9, finish: 1e9 + 100 } });
      const { results } = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 90_000, requests: [old] }),
      );
      expect(results[0]?.outcome).toBe('booked');
    },
  );

  it('take a team whose row is damaged for used up', () => {
    const read = decodePool(damage('team|search', 'x y'), limits, startMs);
    expect(read.damaged).toEqual(['team|search']);
    const { results } = decideBookings(
      batch({ ...full, state: read.state, nowMs: startMs + 1000, requests: [ask(1)] }),
    );
    expect(results[0]).toMatchObject({ outcome: 'wait' });
  });

  it('stay small: a minute of a busy deployment fits one property', () => {
    let busy = state;
    for (let step = 1; step <= 400; step += 1) {
      const nowMs = startMs + step * 200;
      busy = decideBookings(batch({ state: busy, nowMs, requests: [ask(30, { team: 'x' })] })).state;
    }
    for (const text of encodePool(busy).values()) expect(text.length).toBeLessThan(8000);
  });
});
