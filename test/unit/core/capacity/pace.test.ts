import { describe, expect, it } from 'vitest';
import {
  advanceLedger,
  createLedger,
  type DeploymentLedger,
  enterBooking,
  findFit,
  payPace,
} from '../../../../src/core/capacity/deployment-ledger.ts';
import { deployment, startMs } from './sample-pool.ts';

const limits = deployment({ tokensPerMinute: 60_000, requestsPerMinute: 6000 });
const perSecond = 1000;
const tokens = 200;

/** Books paced work for so long, as much of it as goes; tells the tokens that were sent in each ten seconds. */
function sendBacklog(ledger: DeploymentLedger, fromMs: number, seconds: number): number[] {
  const sent = new Array<number>(seconds / 10).fill(0);
  const toMs = fromMs + seconds * 1000 - 1;
  for (let nowMs = fromMs; ; ) {
    advanceLedger(ledger, limits, { nowMs, heldTokens: 0 });
    const fit = findFit(ledger, limits, {
      tokens,
      fromMs: nowMs,
      toMs: Math.min(toMs, nowMs + 1000),
      isPaced: true,
      overdrawMs: 0,
      reserve: 0,
      share: 1,
    });
    if (!fit.isFound) {
      nowMs += 250;
      if (nowMs > toMs) return sent;
      continue;
    }
    nowMs = fit.sendAtMs;
    enterBooking(ledger, { tokens, sendAtMs: nowMs });
    payPace(ledger, limits, { tokens, sendAtMs: nowMs }, { nowMs, heldTokens: 0 });
    const slot = Math.floor((nowMs - fromMs) / 10_000);
    sent[slot] = (sent[slot] ?? 0) + tokens;
  }
}

function book(ledger: DeploymentLedger, nowMs: number): void {
  advanceLedger(ledger, limits, { nowMs, heldTokens: 0 });
  enterBooking(ledger, { tokens, sendAtMs: nowMs });
  payPace(ledger, limits, { tokens, sendAtMs: nowMs }, { nowMs, heldTokens: 0 });
}

describe('the pace of a deployment', () => {
  it.each([
    ['nobody asked for anything', 0],
    ['a job came every two seconds', 2000],
    ['a job came every half second', 500],
  ])('keeps a backlog even that comes after five minutes in which %s', (_what, everyMs) => {
    const ledger = createLedger();
    const untilMs = startMs + 300_000;
    book(ledger, startMs);
    for (let nowMs = startMs + everyMs; everyMs > 0 && nowMs < untilMs; nowMs += everyMs) book(ledger, nowMs);
    const sent = sendBacklog(ledger, untilMs, 180);
    expect(Math.max(...sent)).toBeLessThan(10 * perSecond * 1.5);
    // What is used up at once comes back at once: the next minute would stand still.
    expect(Math.min(...sent)).toBeGreaterThan(10 * perSecond * 0.5);
  });

  it('keeps a backlog even that waited while the deployment took no calls', () => {
    const ledger = createLedger();
    const closedMs = startMs + 120_000;
    sendBacklog(ledger, startMs, 120);
    for (let nowMs = closedMs; nowMs < closedMs + 60_000; nowMs += 1000)
      advanceLedger(ledger, limits, { nowMs, heldTokens: 0 });
    const sent = sendBacklog(ledger, closedMs + 60_000, 120);
    expect(Math.max(...sent)).toBeLessThan(10 * perSecond * 1.5);
  });

  it('is made up for where the window had no room: what comes free at once is used at once', () => {
    const ledger = createLedger();
    book(ledger, startMs);
    const fullMs = startMs + 5000;
    enterBooking(ledger, { tokens: limits.tokensPerMinute - tokens, sendAtMs: fullMs });
    const waiting = sendBacklog(ledger, fullMs, 60);
    expect(Math.max(...waiting)).toBeLessThan(perSecond);
    const [first] = sendBacklog(ledger, fullMs + 60_750, 10);
    expect(first).toBeGreaterThan(10 * perSecond * 2.5);
  });

  it('passes unused only where neither tokens nor requests were asked for', () => {
    const slices = deployment({ tokensPerMinute: 1_000_000, requestsPerMinute: 120 });
    const ledger = createLedger();
    const unusedIn = (fromMs: number, seconds: number, everyMs: number) => {
      let unusedMs = 0;
      for (let afterMs = 0; afterMs < seconds * 1000; afterMs += 53) {
        const nowMs = fromMs + afterMs;
        unusedMs += advanceLedger(ledger, slices, { nowMs, heldTokens: 0 });
        if (afterMs % everyMs !== 0) continue;
        enterBooking(ledger, { tokens, sendAtMs: nowMs });
        payPace(ledger, slices, { tokens, sendAtMs: nowMs }, { nowMs, heldTokens: 0 });
      }
      return unusedMs;
    };
    // The slices let a request through every 510 ms: 96 % of them are asked for, and with them 2 % of the tokens.
    expect(unusedIn(startMs, 600, 530)).toBeLessThan(0.04 * 600_000);
    expect(unusedIn(startMs + 600_000, 60, 60_000)).toBeGreaterThan(0.9 * 60_000);
  });

  it('is paid by a big job from what was saved, so that others go on at once while there is room', () => {
    const big = { tokens: limits.tokensPerMinute / 2, sendAtMs: startMs + 60_000 };
    const pacedBy = (paysSavedOnly: boolean) => {
      const ledger = createLedger();
      book(ledger, startMs + 59_000);
      payPace(ledger, limits, big, { nowMs: big.sendAtMs, heldTokens: 0, paysSavedOnly });
      return ledger.pacedUntilMs - big.sendAtMs;
    };
    expect(pacedBy(true)).toBe(0);
    expect(pacedBy(false)).toBeGreaterThan(20_000);
  });

  it('is never gained by a big job: what others have paid for ahead stays paid', () => {
    const ledger = createLedger();
    for (let count = 0; count < 50; count += 1) book(ledger, startMs);
    const before = ledger.pacedUntilMs;
    expect(before).toBeGreaterThan(startMs);
    const big = { tokens: limits.tokensPerMinute / 2, sendAtMs: startMs };
    payPace(ledger, limits, big, { nowMs: startMs, heldTokens: 0, paysSavedOnly: true });
    expect(ledger.pacedUntilMs).toBe(before);
  });
});
