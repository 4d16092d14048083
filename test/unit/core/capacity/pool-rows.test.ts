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
const context = { limits, nowMs: startMs, lastLine: null };

function damage(key: string, text: string) {
  return rows.map((row) => (row.key === key ? { ...row, text } : row));
}

/** The same rows as a build writes that knows neither seals nor checksums. */
function ofOlderBuild(newer: typeof rows) {
  return newer.map(({ key, text, version }) => {
    if (!text.startsWith('{')) return { key, text, version };
    const { seal: _seal, sums: _sums, commits: _commits, ...row } = JSON.parse(text);
    return { key, text: JSON.stringify(row), version };
  });
}

/** A deployment's row with its ring changed and everything else as it was. */
function withRing(change: (ring: string) => string) {
  const text = rows.find(({ key }) => key === 'deployment|east')?.text ?? '';
  return text.replace(/"ring":"([^"]*)"/, (_field, ring: string) => `"ring":"${change(ring)}"`);
}

describe("a pool's rows", () => {
  it('hold everything that is known about the pool', () => {
    expect(decodePool(rows, context)).toMatchObject({ state, damaged: [] });
  });

  it.each(['', '{', '[]', 'null', '{"ring":"zz zz"}', '{"ring":"1 -5.3","requests":""}'])(
    'take a deployment whose row is %j for full: no call for a minute, then as ever',
    (text) => {
      const read = decodePool(damage('deployment|east', text), context);
      expect(read.damaged).toEqual(['deployment|east']);
      const soon = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 30_000, requests: [ask(1, { team: 'x' })] }),
      );
      expect(soon.results[0]?.outcome).toBe('wait');
      const later = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 66_500, requests: [ask(1, { team: 'x' })] }),
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
    const text = JSON.stringify({ ...JSON.parse(sound), ...wrong, seal: undefined });
    const read = decodePool(ofOlderBuild(damage('deployment|east', text)), context);
    expect(read.damaged).toEqual(['deployment|east']);
  });

  it.each(['', '{"lanes":{}}', '{"lanes":{"interactive":1},"reservations":[]}', '{"lanes":null,"reservations":[{}]}'])(
    'begin the line anew when its row is %j, and serve the tickets of the old one',
    (text) => {
      const read = decodePool(damage('line', text), context);
      expect(read.damaged).toEqual(['line']);
      const old = ask(100, { lane: 'bulk', team: 'x', ticket: { start: 1e9, finish: 1e9 + 100 } });
      const { results } = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 90_000, requests: [old] }),
      );
      expect(results[0]?.outcome).toBe('booked');
    },
  );

  it.each([
    ['emptied', () => '3an'],
    [
      'shifted into the past',
      (ring: string) => ring.replace(/^\w+/, (first) => (Number.parseInt(first, 36) - 400).toString(36)),
    ],
  ] as const)('take a deployment whose ring was %s by hand for full, with its seal and without', (_what, change) => {
    const text = withRing(change);
    const unsealed = JSON.stringify({ ...JSON.parse(text), seal: undefined });
    for (const damaged of [text, unsealed, `${text.slice(0, -1)} }`]) {
      const read = decodePool(damage('deployment|east', damaged), context);
      expect(read.damaged).toEqual(['deployment|east']);
      const [result] = decideBookings(
        batch({ ...full, state: read.state, nowMs: startMs + 30_000, requests: [ask(1, { team: 'x' })] }),
      ).results;
      expect(result?.outcome).toBe('wait');
    }
  });

  it('take a deployment whose ring was changed by hand for full although the line is lost and cannot tell', () => {
    const changed = damage(
      'deployment|east',
      withRing(() => '3an'),
    );
    const read = decodePool(
      changed.filter(({ key }) => key !== 'line'),
      context,
    );
    expect(read.damaged.toSorted()).toEqual(['deployment|east', 'line']);
    const sound = rows.filter(({ key }) => key !== 'line');
    expect(decodePool(sound, context).damaged).toEqual(['line']);
  });

  it('take a deployment whose sealed row was put back from an earlier time for full', () => {
    const earlier =
      encodePool(decideBookings(batch({ limits, requests: [ask(10)] })).state).get('deployment|east') ?? '';
    expect(decodePool(damage('deployment|east', earlier), context).damaged).toEqual(['deployment|east']);
  });

  it.each(['deployment|east', 'team|search'])('take %s for full when its row was deleted', (gone) => {
    const read = decodePool(
      rows.filter(({ key }) => key !== gone),
      context,
    );
    expect(read.damaged).toEqual([gone]);
    const { results } = decideBookings(
      batch({ ...full, state: read.state, nowMs: startMs + 30_000, requests: [ask(1)] }),
    );
    expect(results[0]?.outcome).toBe('wait');
  });

  it('take every deployment without a row for full when the line is gone too', () => {
    const read = decodePool(
      rows.filter(({ key }) => key === 'team|search'),
      context,
    );
    expect(read.damaged.toSorted()).toEqual(['deployment|east', 'line']);
    const allGone = decodePool([], { ...context, lastLine: state.line });
    expect(allGone.damaged.toSorted()).toEqual(['deployment|east', 'line']);
    expect(decodePool([], context).damaged).toEqual([]);
  });

  it('of an older build are read as they are, before and after a newer one has written', () => {
    const older = ofOlderBuild(rows);
    expect(decodePool(older, context)).toMatchObject({ state: { deployments: state.deployments }, damaged: [] });
    const mixed = rows.map((row) => (row.key === 'line' ? (older.find(({ key }) => key === 'line') ?? row) : row));
    expect(decodePool(mixed, context).damaged).toEqual([]);
  });

  it.each(['constructor', '__proto__'])(
    'serve a team called %s like every other, before and after they were stored',
    (team) => {
      const teams = new Map([
        [team, { ...unknownTeam, tokensPerMinute: 9000 }],
        ['twin', { ...unknownTeam, tokensPerMinute: 9000 }],
      ]);
      /** Five jobs of a team at once, and what is said to one more once the pool has been stored and read again. */
      const answers = (name: string) => {
        const jobs = Array.from({ length: 5 }, () => ask(3000, { lane: 'bulk', team: name }));
        const first = decideBookings(batch({ limits: pool({ teams }), requests: jobs }));
        const stored = [...encodePool(first.state)].map(([key, text]) => ({ key, text, version: '1' }));
        const read = decodePool(stored, { ...context, limits: pool({ teams }) });
        expect(read).toMatchObject({
          damaged: [],
          state: { line: { lanes: { bulk: { virtual: first.state.line.lanes.bulk.virtual } } } },
        });
        const more = decideBookings(
          batch({
            limits: pool({ teams }),
            state: read.state,
            nowMs: startMs + 1000,
            requests: [ask(3000, { lane: 'bulk', team: name })],
          }),
        );
        return [...first.results, ...more.results].map((result) =>
          result.outcome === 'wait' ? [result.reason, result.untilMs, result.ticket] : [result.outcome],
        );
      };
      expect(answers(team)).toEqual(answers('twin'));
    },
  );

  it('of an older build may name a team seal', () => {
    const waiting = [1, 2, 3].map(() => ask(9000, { lane: 'bulk', team: 'seal' }));
    const named = decideBookings(batch({ limits, requests: [ask(9000), ...waiting] }));
    const older = ofOlderBuild([...encodePool(named.state)].map(([key, text]) => ({ key, text, version: '1' })));
    expect(older.find(({ key }) => key === 'line')?.text).toContain('"seal":');
    const read = decodePool(older, context);
    expect(read.damaged).toEqual([]);
    expect(read.state.line.lanes).toEqual(named.state.line.lanes);
  });

  it('of a damaged line go on where the process last saw it, without held send times', () => {
    const lastLine = {
      ...state.line,
      reservations: [{ jobId: 'a', team: 'x', lane: 'bulk', deployment: 'east', tokens: 1, sendAtMs: startMs }],
    } as const;
    const read = decodePool(damage('line', '{}'), {
      ...context,
      lastLine: { ...lastLine, reservations: [...lastLine.reservations] },
    });
    expect(read.state.line.lanes).toEqual(state.line.lanes);
    expect(read.state.line.reservations).toEqual([]);
  });

  it.each([
    ['tokens', { tokensPerMinute: 9000 }],
    ['requests', { requestsPerMinute: 5 }],
  ])('take a team that is limited in %s and whose row is damaged for used up', (_what, own) => {
    const teams = new Map([['search', { ...unknownTeam, ...own }]]);
    const read = decodePool(damage('team|search', 'x y'), { ...context, limits: pool({ teams }) });
    expect(read.damaged).toEqual(['team|search']);
    const over = { limits: pool({ teams }), state: read.state };
    const soon = decideBookings(batch({ ...over, nowMs: startMs + 58_000, requests: [ask(1)] }));
    expect(soon.results[0]).toMatchObject({ outcome: 'wait' });
    const later = decideBookings(batch({ ...over, nowMs: startMs + 67_000, requests: [ask(1)] }));
    expect(later.results[0]).toMatchObject({ outcome: 'booked' });
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
