import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createLaneLine,
  isOnlyOne,
  issueTicket,
  jumpTo,
  leaveLine,
  passWork,
  serveAhead,
  serveWork,
  workAhead,
} from '../../../../src/core/capacity/lane-line.ts';
import { startMs } from './sample-pool.ts';

const everything = Number.POSITIVE_INFINITY;
const equal = () => 1;
const shares: Record<string, number> = { a: 1, b: 2, c: 0.5 };
const byShare = (team: string) => shares[team] ?? 1;

describe("a lane's line", () => {
  it('serves one team first come, first served', () => {
    const lane = createLaneLine();
    const [first, second] = [issueTicket(lane, 'a', 100, 1), issueTicket(lane, 'a', 50, 1)];
    expect(second.start).toBe(first.finish);
    expect(workAhead(lane, second.start, equal)).toBe(100);
  });

  it('puts a small team beside the head of a big one, not behind its flood', () => {
    const lane = createLaneLine();
    for (let job = 0; job < 100; job += 1) issueTicket(lane, 'a', 100, 1);
    const small = issueTicket(lane, 'b', 100, 1);
    expect(workAhead(lane, small.start, equal)).toBe(0);
  });

  it('serves teams by their shares', () => {
    const lane = createLaneLine();
    const tickets = ['a', 'b'].flatMap((team) =>
      Array.from({ length: 60 }, () => ({ team, ticket: issueTicket(lane, team, 10, byShare(team)) })),
    );
    const served = tickets.toSorted((left, right) => left.ticket.start - right.ticket.start).slice(0, 60);
    const ofB = served.filter(({ team }) => team === 'b').length;
    expect(ofB).toBeGreaterThanOrEqual(39);
    expect(ofB).toBeLessThanOrEqual(41);
  });

  it('stands for work that was served before its turn neither at once nor later', () => {
    const lane = createLaneLine();
    const [, big, last] = [100, 5000, 100].map((cost) => issueTicket(lane, 'a', cost, 1));
    if (big === undefined || last === undefined) throw new Error('There are three tickets.');
    serveAhead(lane, 'a', big, { cost: 5000, atMs: startMs, isLate: false });
    expect(lane.virtual).toBe(0);
    expect(workAhead(lane, last.start, equal)).toBe(100);
    serveWork(lane, { cost: 100, atMs: startMs, isLate: false }, equal);
    expect(workAhead(lane, last.start, equal)).toBe(0);
  });

  it('loses and invents no work: what passes is exactly what was in line', () => {
    const step = fc.oneof(
      fc.record({ team: fc.constantFrom('a', 'b', 'c'), cost: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({ passed: fc.integer({ min: 1, max: 8000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const lane = createLaneLine();
        let waiting = 0;
        for (const each of steps) {
          if ('cost' in each) {
            issueTicket(lane, each.team, each.cost, byShare(each.team));
            waiting += each.cost;
          } else {
            const left = passWork(lane, each.passed, byShare);
            waiting -= each.passed - left;
          }
          expect(workAhead(lane, everything, byShare)).toBeCloseTo(waiting, 3);
        }
      }),
    );
  });

  it('walks over a cancelled stretch for nothing', () => {
    const lane = createLaneLine();
    const tickets = Array.from({ length: 5 }, () => issueTicket(lane, 'a', 100, 1));
    for (const ticket of tickets.slice(1, 4)) leaveLine(lane, 'a', ticket);
    const last = tickets[4];
    expect(workAhead(lane, last?.start ?? 0, equal)).toBe(100);
    passWork(lane, 100, equal);
    expect(workAhead(lane, last?.start ?? 0, equal)).toBe(0);
    expect(workAhead(lane, everything, equal)).toBe(100);
  });

  it('gives the next job the place of one that left at the end of the line', () => {
    const lane = createLaneLine();
    issueTicket(lane, 'a', 100, 1);
    const left = issueTicket(lane, 'a', 900, 1);
    leaveLine(lane, 'a', left);
    expect(issueTicket(lane, 'a', 100, 1).start).toBe(left.start);
  });

  it('does not move a second time for work that came back unsent', () => {
    const lane = createLaneLine();
    issueTicket(lane, 'a', 1000, 1);
    serveWork(lane, { cost: 300, atMs: startMs, isLate: false }, equal);
    lane.credit += 300;
    serveWork(lane, { cost: 300, atMs: startMs, isLate: false }, equal);
    expect(lane.virtual).toBe(300);
  });

  it('does not move a second time for sleepers it had passed over', () => {
    const lane = createLaneLine();
    for (let job = 0; job < 10; job += 1) issueTicket(lane, 'a', 100, 1);
    jumpTo(lane, 500, equal);
    serveWork(lane, { cost: 100, atMs: startMs, isLate: true }, equal);
    expect(lane.virtual).toBe(500);
    serveWork(lane, { cost: 100, atMs: startMs, isLate: false }, equal);
    expect(lane.virtual).toBe(600);
  });

  it('passes over a team that may not be served now', () => {
    const lane = createLaneLine();
    issueTicket(lane, 'blocked', 1000, 1);
    issueTicket(lane, 'a', 1000, 1);
    const weightOf = (team: string) => (team === 'blocked' ? 0 : 1);
    expect(workAhead(lane, everything, weightOf)).toBe(1000);
    passWork(lane, 400, weightOf);
    expect(lane.virtual).toBe(400);
  });

  it('knows a team that has just one job in line', () => {
    const lane = createLaneLine();
    for (let job = 0; job < 5; job += 1) issueTicket(lane, 'big', 100, 1);
    expect(isOnlyOne(lane, 'small', null)).toBe(true);
    const only = issueTicket(lane, 'small', 100, 1);
    expect(isOnlyOne(lane, 'small', only)).toBe(true);
    expect(isOnlyOne(lane, 'big', null)).toBe(false);
  });
});
