import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageClock, steadyTime } from '../../../../../src/core/adapters/system/storage-clock.ts';
import { learnOffset, unknownOffset } from '../../../../../src/core/adapters/system/storage-offset.ts';

/** What an answer tells when storage is `skewMs` ahead: its time is cut to the second. */
function observe(localMs: number, skewMs: number, roundTripMs = 0) {
  const writtenAtMs = localMs + skewMs + roundTripMs / 2;
  return { dateMs: Math.floor(writtenAtMs / 1000) * 1000, sentAtMs: localMs, receivedAtMs: localMs + roundTripMs };
}

const startMs = Date.UTC(2026, 10, 2, 12);
const moments = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 60 });
const roundTrip = fc.integer({ min: 0, max: 400 });

describe('the offset to storage time', () => {
  it('never moves a clock that is right, although Date has whole seconds only', () => {
    fc.assert(
      fc.property(moments, roundTrip, (times, roundTripMs) => {
        let state = unknownOffset;
        for (const time of times) state = learnOffset(state, observe(startMs + time, 0, roundTripMs));
        expect(state.offsetMs).toBe(0);
      }),
    );
  });

  it('is within half a second and half the round trip from the first answer on', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), moments, roundTrip, (skewMs, times, roundTripMs) => {
        let state = unknownOffset;
        for (const [index, time] of times.entries()) {
          state = learnOffset(state, observe(startMs + time, skewMs, roundTripMs));
          const wrongByMs = Math.abs(state.offsetMs - skewMs);
          expect(wrongByMs).toBeLessThanOrEqual(1000 + roundTripMs);
          if (index === 0 && Math.abs(skewMs) > 1500) expect(wrongByMs).toBeLessThanOrEqual(501 + roundTripMs / 2);
        }
      }),
    );
  });

  it('is narrowed by answers at other moments of the second', () => {
    let state = unknownOffset;
    for (let index = 0; index < 20; index += 1) state = learnOffset(state, observe(startMs + index * 1050, 5230));
    expect(Math.abs(state.offsetMs - 5230)).toBeLessThanOrEqual(60);
  });

  it('fault 18: does not believe one answer against all others, but three in a row', () => {
    let state = learnOffset(unknownOffset, observe(startMs, 5000));
    const before = state.offsetMs;
    state = learnOffset(state, observe(startMs + 1100, -60_000));
    expect(state.offsetMs).toBe(before);
    state = learnOffset(state, observe(startMs + 2200, 5000));
    for (const time of [3300, 4400]) state = learnOffset(state, observe(startMs + time, -60_000));
    expect(Math.abs(state.offsetMs - 5000)).toBeLessThanOrEqual(1000);
    state = learnOffset(state, observe(startMs + 5500, -60_000));
    expect(Math.abs(state.offsetMs + 60_000)).toBeLessThanOrEqual(1000);
  });

  it('learns nothing from an answer that was long under way or came before it was asked for', () => {
    expect(learnOffset(unknownOffset, observe(startMs, 90_000, 5000))).toBe(unknownOffset);
    expect(learnOffset(unknownOffset, { dateMs: 0, sentAtMs: startMs, receivedAtMs: startMs - 1 })).toBe(unknownOffset);
  });
});

describe('StorageClock', () => {
  it('tells storage time', () => {
    const clock = new StorageClock(() => startMs);
    expect(clock.now()).toBe(startMs);
    clock.observe(observe(startMs, 30_000));
    expect(Math.abs(clock.now() - (startMs + 30_000))).toBeLessThanOrEqual(500);
    expect(clock.now()).toBe(startMs + clock.offsetMs);
  });

  it('counts on evenly when the time of day of its machine is set back or ahead', () => {
    let [wallMs, uptimeMs] = [startMs, 700.4];
    const clock = new StorageClock(steadyTime({ wallMs: () => wallMs, uptimeMs: () => uptimeMs }));
    expect(clock.now()).toBe(startMs);
    wallMs -= 5000;
    uptimeMs += 200;
    expect(clock.now()).toBe(startMs + 200);
    wallMs += 3_600_000;
    uptimeMs += 0.9;
    expect(clock.now()).toBe(startMs + 200);
  });

  it('sleeps not at all for nothing, and ends a sleep when it is aborted', async () => {
    const clock = new StorageClock();
    await clock.sleep(0);
    await clock.sleep(-1);
    await clock.sleep(Number.NaN);
    await clock.sleep(1e12, AbortSignal.abort());
    const controller = new AbortController();
    const sleep = clock.sleep(1e12, controller.signal);
    controller.abort();
    await sleep;
  });
});
