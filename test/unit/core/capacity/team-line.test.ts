import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adoptOwn,
  createTeamLine,
  issueOwn,
  isTeamLineEmpty,
  leaveOwn,
  serveOwn,
  workBefore,
} from '../../../../src/core/capacity/team-line.ts';
import { decodeTeamLines, encodeTeamLines } from '../../../../src/core/capacity/team-line-row.ts';
import { type Lane, lanes } from '../../../../src/core/jobs/job.ts';

const everything = Number.POSITIVE_INFINITY;

describe("a team's own line", () => {
  it('puts every job behind those of its lane that came before it', () => {
    const line = createTeamLine('tokens');
    const [first, second] = [issueOwn(line, 'bulk', 100), issueOwn(line, 'bulk', 50)];
    expect(workBefore(line, 'bulk', first.start)).toBe(0);
    expect(workBefore(line, 'bulk', second.start)).toBe(100);
    serveOwn(line, 'bulk', first);
    expect(workBefore(line, 'bulk', second.start)).toBe(0);
  });

  it('puts more urgent lanes first, whoever came when', () => {
    const line = createTeamLine('tokens');
    const bulk = issueOwn(line, 'bulk', 100);
    const call = issueOwn(line, 'interactive', 30);
    expect(workBefore(line, 'bulk', bulk.start)).toBe(30);
    expect(workBefore(line, 'interactive', call.start)).toBe(0);
  });

  it('is kept back by nobody who did not come when there was room for him', () => {
    const line = createTeamLine('tokens');
    const late = issueOwn(line, 'standard', 400);
    issueOwn(line, 'interactive', 100);
    const [next, last] = [issueOwn(line, 'standard', 100), issueOwn(line, 'standard', 100)];
    serveOwn(line, 'standard', next);
    expect(workBefore(line, 'standard', last.start)).toBe(0);
    serveOwn(line, 'standard', late);
    expect(workBefore(line, 'standard', last.finish)).toBe(100);
  });

  it('is as long as what has neither been served nor left', () => {
    const step = fc.oneof(
      fc.record({ cost: fc.integer({ min: 1, max: 5000 }), lane: fc.constantFrom<Lane>(...lanes) }),
      fc.record({ serve: fc.constant(true) }),
      fc.record({ leave: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const line = createTeamLine('tokens');
        const waiting = lanes.map((lane) => ({ lane, places: [] as ReturnType<typeof issueOwn>[] }));
        for (const each of steps) {
          const first = waiting.find(({ places }) => places.length > 0);
          if ('cost' in each) {
            waiting.find(({ lane }) => lane === each.lane)?.places.push(issueOwn(line, each.lane, each.cost));
          } else if (first === undefined) continue;
          else if ('serve' in each) {
            const [place] = first.places.splice(0, 1);
            if (place !== undefined) serveOwn(line, first.lane, place);
          } else {
            const [place] = first.places.splice(each.leave % first.places.length, 1);
            if (place !== undefined) leaveOwn(line, first.lane, place);
          }
          const left = waiting
            .flatMap(({ places }) => places)
            .reduce((sum, place) => sum + place.finish - place.start, 0);
          expect(workBefore(line, 'bulk', everything)).toBeCloseTo(left, 6);
          expect(decodeTeamLines(JSON.parse(JSON.stringify(encodeTeamLines({ a: line }))))).toEqual({ a: line });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes in places that it does not know, and nothing that lies between them', () => {
    const line = createTeamLine('requests');
    const place = (start: number) => ({ start, finish: start + 1, unit: 'requests', isWaiting: true }) as const;
    expect(adoptOwn(line, 'bulk', place(5000))).toBe(true);
    expect(workBefore(line, 'bulk', 5000)).toBe(0);
    expect(adoptOwn(line, 'bulk', place(9000))).toBe(true);
    expect(workBefore(line, 'bulk', 9000)).toBe(1);
    expect(adoptOwn(line, 'bulk', place(9000))).toBe(false);
    expect(workBefore(line, 'bulk', issueOwn(line, 'bulk', 1).start)).toBe(2);
  });

  it('is empty when everyone has been served or has left', () => {
    const line = createTeamLine('tokens');
    const [first, second] = [issueOwn(line, 'bulk', 100), issueOwn(line, 'bulk', 50)];
    leaveOwn(line, 'bulk', second);
    expect(isTeamLineEmpty(line)).toBe(false);
    serveOwn(line, 'bulk', first);
    expect(isTeamLineEmpty(line)).toBe(true);
  });

  it.each([
    ['no object', 7],
    ['an unknown unit', { a: { unit: 'dollars', pacedUntilMs: 0 } }],
    ['no pace', { a: { unit: 'tokens' } }],
    ['half a lane', { a: { unit: 'tokens', pacedUntilMs: 0, bulk: [1] } }],
    ['a stretch of one end', { a: { unit: 'tokens', pacedUntilMs: 0, bulk: [1, 2, [3]] } }],
  ])('is damaged with %s', (_what, value) => {
    expect(decodeTeamLines(value)).toBeNull();
  });
});
