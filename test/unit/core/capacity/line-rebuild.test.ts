import { describe, expect, it } from 'vitest';
import { ledgerOf } from '../../../../src/core/capacity/decision.ts';
import { issueTicket, serveWork } from '../../../../src/core/capacity/lane-line.ts';
import { clonePoolState, createPoolState, type PoolLine } from '../../../../src/core/capacity/pool-state.ts';
import { chargeRing, deploymentRing } from '../../../../src/core/capacity/token-ring.ts';
import { ask, pool, startMs } from './sample-pool.ts';
import { readDamaged, type Waiting, wakeDue } from './wake-due.ts';

const jobTokens = 500;
const limits = pool();
const damagedAtMs = startMs + 30_000;

/**
 * Forty bulk jobs wait at a deployment that serves twenty a minute, and one more comes every four seconds. After half a minute the
 * line's row is damaged, if at all. Returns when each of the forty was sent.
 */
function serveAll(damage: (line: PoolLine) => { text: string; lastLine: PoolLine | null } | null) {
  const bulk = () => ask(jobTokens, { lane: 'bulk' });
  let state = createPoolState();
  let waiting: readonly Waiting[] = Array.from({ length: 40 }, () => ({ request: bulk(), dueMs: startMs }));
  const old = new Set(waiting.map(({ request }) => request.jobId));
  const sentAtMs: number[] = [];
  for (let nowMs = startMs; sentAtMs.length < 40 && nowMs < startMs + 1_200_000; nowMs += 250) {
    if (nowMs > startMs && (nowMs - startMs) % 4000 === 0) waiting = [...waiting, { request: bulk(), dueMs: nowMs }];
    const broken = nowMs === damagedAtMs ? damage(state.line) : null;
    if (broken !== null) {
      const { text, lastLine } = broken;
      state = readDamaged(state, { key: 'line', text }, { limits, nowMs, lastLine });
    }
    const woken = wakeDue(state, waiting, { limits, nowMs });
    ({ state, waiting } = woken);
    for (const { jobId, booking } of woken.booked) if (old.has(jobId)) sentAtMs.push(booking.sendAtMs);
  }
  return sentAtMs;
}

describe('a line whose row was damaged', () => {
  const undamaged = serveAll(() => null);
  const lastMs = Math.max(...undamaged) - damagedAtMs;

  it('is served in two minutes when nothing happens', () => {
    expect(undamaged).toHaveLength(40);
    expect(lastMs).toBeLessThan(110_000);
  });

  it('goes on as if nothing had happened where a process remembers it', () => {
    const sends = serveAll((line) => ({ text: 'x', lastLine: line }));
    expect(sends).toHaveLength(40);
    expect(Math.max(...sends) - damagedAtMs).toBeLessThan(1.1 * lastMs);
  });

  it('lets nobody who waited wait more than twice as long where no process remembers it', () => {
    const sends = serveAll(() => ({ text: 'x', lastLine: null }));
    expect(sends).toHaveLength(40);
    expect(Math.max(...sends) - damagedAtMs).toBeLessThan(2 * lastMs);
  });

  it('goes on behind those who were served since a process last saw it, as the rows of the deployments tell', () => {
    const seen = createPoolState();
    const { bulk } = seen.line.lanes;
    issueTicket(bulk, 'search', 20_000, 1);
    serveWork(bulk, { cost: 5000, atMs: startMs, isLate: false }, () => 1);
    chargeRing(deploymentRing, ledgerOf(seen, 'east').ring, { tokens: 5000, requests: 10 }, startMs);
    const later = clonePoolState(seen);
    chargeRing(deploymentRing, ledgerOf(later, 'east').ring, { tokens: 1500, requests: 3 }, startMs + 1000);
    const damage = { key: 'line', text: 'x' };
    const at = { limits, nowMs: startMs + 1500, lastLine: seen.line };
    const { line } = readDamaged(later, damage, { ...at, lastDeployments: seen.deployments });
    expect(line.lanes.bulk.virtual).toBe(6500);
    expect(line.lanes.interactive.virtual).toBe(0);
    expect(seen.line.lanes.bulk.virtual).toBe(5000);
  });

  it('is served again where a process remembers it as it was half a minute ago', () => {
    let first: PoolLine | null = null;
    const sends = serveAll((line) => {
      first ??= line;
      return {
        text: '{}',
        lastLine: { ...first, lanes: { ...first.lanes, bulk: { ...first.lanes.bulk, virtual: 0 } } },
      };
    });
    expect(sends).toHaveLength(40);
    expect(Math.max(...sends) - damagedAtMs).toBeLessThan(2 * lastMs);
  });
});
