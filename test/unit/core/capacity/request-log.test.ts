import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findRequestRoom,
  forgetRequestsBefore,
  latenessWithin,
  logRequest,
  sliceOf,
  unlogRequest,
} from '../../../../src/core/capacity/request-log.ts';

describe('the request slice', () => {
  it.each([
    [600, 1, { limit: 10, windowMs: 1070 }],
    [600, 10, { limit: 100, windowMs: 10_200 }],
    [90, 1, { limit: 1, windowMs: 1070 }],
    [3, 10, { limit: 1, windowMs: 20_400 }],
    [0, 10, { limit: 0, windowMs: 10_000 }],
  ])('of %i RPM in %i s windows is %o', (requestsPerMinute, windowSeconds, slice) => {
    expect(sliceOf(requestsPerMinute, windowSeconds)).toEqual(slice);
  });

  it('is kept although every other send is as late as it may be', () => {
    for (const [requestsPerMinute, windowSeconds, latenessMs] of [
      [600, 1, 45],
      [60, 1, 45],
      [600, 10, 175],
    ] as const) {
      const slice = sliceOf(requestsPerMinute, windowSeconds);
      expect(latenessWithin(slice, windowSeconds)).toBe(latenessMs);
      const log: number[] = [];
      for (let count = 0; count < 4 * slice.limit; count += 1)
        logRequest(log, findRequestRoom(log, slice, 1_000_000) ?? 0);
      // The first of each slice is as late as it may be, the others are in time.
      const sends = log
        .map((atMs, index) => (index % slice.limit === 0 ? atMs + latenessMs : atMs))
        .toSorted((a, b) => a - b);
      for (const end of sends) {
        const within = sends.filter((atMs) => atMs > end - windowSeconds * 1000 && atMs <= end);
        expect(within.length).toBeLessThanOrEqual(slice.limit);
      }
    }
  });

  it('never holds more than its limit, whatever is booked before or after, with room for senders apart', () => {
    const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 3000 })), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(moves, fc.constantFrom(1, 10), fc.integer({ min: 30, max: 900 }), (jobs, windowSeconds, rpm) => {
        const slice = sliceOf(rpm, windowSeconds);
        const log: number[] = [];
        const sends: number[] = [];
        let nowMs = 1_000_000;
        for (const [laterMs, aheadMs] of jobs) {
          nowMs += laterMs;
          forgetRequestsBefore(log, slice, nowMs);
          const atMs = findRequestRoom(log, slice, nowMs + aheadMs);
          expect(atMs).not.toBeNull();
          logRequest(log, atMs ?? 0);
          sends.push(atMs ?? 0);
        }
        const perSlice = Math.max(1, Math.floor((rpm * windowSeconds) / 60));
        for (const end of sends) {
          // 60 ms and more between senders' clocks may not break the slice.
          const inSlice = sends.filter((at) => at > end - windowSeconds * 1000 - 60 && at <= end);
          expect(inSlice.length).toBeLessThanOrEqual(perSlice);
        }
      }),
    );
  });

  it('lets a burst of one slice go at once and the next when the slice is over', () => {
    const slice = sliceOf(600, 1);
    const log: number[] = [];
    for (let count = 0; count < 10; count += 1) logRequest(log, findRequestRoom(log, slice, 5000) ?? 0);
    expect(log).toEqual(new Array(10).fill(5000));
    expect(findRequestRoom(log, slice, 5000)).toBe(6070);
  });

  it('has no room at a limit of 0 and frees what was not sent', () => {
    expect(findRequestRoom([], sliceOf(0, 10), 5000)).toBeNull();
    const log = [1000, 2000];
    unlogRequest(log, 1000);
    unlogRequest(log, 1500);
    expect(log).toEqual([2000]);
  });
});
