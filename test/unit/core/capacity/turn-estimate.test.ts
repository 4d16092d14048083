import { describe, expect, it } from 'vitest';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { openDecision } from '../../../../src/core/capacity/decision.ts';
import { createLedger } from '../../../../src/core/capacity/deployment-ledger.ts';
import { issueTicket, laneRing } from '../../../../src/core/capacity/lane-line.ts';
import { createPoolState, type PoolState } from '../../../../src/core/capacity/pool-state.ts';
import { chargeRing } from '../../../../src/core/capacity/token-ring.ts';
import { isInteractiveDemoted } from '../../../../src/core/capacity/turn-estimate.ts';
import { ask, batch, startMs } from './sample-pool.ts';

/** A pool in which a team has so many interactive jobs of 1,000 tokens in line; its pace is paid for until `paidMs` from now. */
function poolWith(jobsInLine: number, paidMs: number): PoolState {
  const state = createPoolState();
  for (let job = 0; job < jobsInLine; job += 1) issueTicket(state.line.lanes.interactive, 'big', 1000, 1);
  state.deployments.set('east', { ...createLedger(), pacedUntilMs: startMs + paidMs, requestsPacedUntilMs: startMs });
  return state;
}

/** Whether interactive work that takes this part of 10 K TPM, a second's worth each second, is paced at each of ten seconds. */
function isPacedAt(share: number, jobsInLine: number, paidMs: number): boolean[] {
  const paced: boolean[] = [];
  const state = poolWith(jobsInLine, paidMs);
  for (let second = -120; second <= 10; second += 1) {
    const nowMs = startMs + second * 1000;
    if (second > 0) paced.push(isInteractiveDemoted(openDecision(batch({ state, nowMs }))));
    const { used } = state.line.lanes.interactive;
    chargeRing(laneRing, used, { tokens: (share * 10_000) / 60, requests: 1 }, nowMs);
  }
  return paced;
}

describe('interactive work alone', () => {
  it.each([0.97, 0.9])(
    'stays paced from one second to the next while its own line is long, at %s of the pool',
    (share) => {
      expect(isPacedAt(share, 20, 5000)).toEqual(new Array(10).fill(true));
    },
  );

  it.each([
    ['it leaves a fifth and nobody waits for long', 0.8, 0, 0],
    ['half of the pool is free, however long its line', 0.5, 20, 0],
    ['a burst has taken the pace of half a minute and left room', 0.8, 20, 30_000],
  ])('is not paced while %s', (_what, share, jobsInLine, paidMs) => {
    expect(isPacedAt(share, jobsInLine, paidMs)).toEqual(new Array(10).fill(false));
  });

  it("lets a small team's only job go where there is room although a flood has taken the pace of half a minute", () => {
    const state = poolWith(20, 30_000);
    chargeRing(laneRing, state.line.lanes.interactive.used, { tokens: 9500, requests: 1 }, startMs);
    const { isInteractiveDemoted: isPaced, results } = decideBookings(
      batch({ state, requests: [ask(400, { team: 'small' }), ask(400, { team: 'big' })] }),
    );
    expect(isPaced).toBe(true);
    expect(results).toMatchObject([{ outcome: 'booked', booking: { sendAtMs: startMs } }, { outcome: 'wait' }]);
  });
});
