import type { BookingRequest } from '../../src/core/capacity/capacity.ts';
import { decideBookings } from '../../src/core/capacity/decide-bookings.ts';
import { alwaysHealthy } from '../../src/core/capacity/deployment-health.ts';
import { type PoolLimits, unknownTeam } from '../../src/core/capacity/pool-limits.ts';
import { decodePool, encodePool } from '../../src/core/capacity/pool-rows.ts';
import { createPoolState, type PoolState } from '../../src/core/capacity/pool-state.ts';
import { lanes } from '../../src/core/jobs/job.ts';

const batch = 10;
const limits: PoolLimits = {
  model: 'model',
  isPaused: false,
  loadThreshold: 0.8,
  teams: new Map([['apps', unknownTeam]]),
  deployments: ['east', 'west', 'north'].map((name) => ({
    name,
    region: name,
    priority: 1,
    isProvisioned: false,
    isPaused: false,
    tokensPerMinute: 1_000_000,
    requestsPerMinute: 6000,
    requestWindowSeconds: 10,
    spill: lanes,
  })),
};

/** Processor time (a busy machine makes no difference) that the pump's own work takes per job: reading the rows, deciding a batch on a full pool, writing the rows. */
export function measureBookkeeping(): { readonly microsecondsPerJob: number; readonly batch: number } {
  let nowMs = 1_790_000_000_000;
  let state: PoolState = createPoolState();
  let started = process.cpuUsage();
  const [warmUp, rounds] = [600, 1200];
  for (let round = 0; round < warmUp + rounds; round += 1) {
    if (round === warmUp) started = process.cpuUsage();
    nowMs += 200;
    const rows = [...encodePool(state)].map(([key, text]) => ({ key, text, version: '1' }));
    const read = decodePool(rows, { limits, nowMs, lastLine: null }).state;
    const requests = Array.from({ length: batch }, (_, index) => requestOf(`job_${round}_${index}`));
    state = decideBookings({ state: read, limits, health: alwaysHealthy, nowMs, leadMs: 15, requests, news: [] }).state;
  }
  const { user, system } = process.cpuUsage(started);
  return { microsecondsPerJob: (user + system) / (rounds * batch), batch };
}

function requestOf(jobId: string): BookingRequest {
  const estimate = { inputTokens: 500, outputTokens: 500, promptCharacters: 2000, imposedOutputCap: null };
  const { team, model, lane } = { team: 'apps', model: 'model', lane: 'standard' } as const;
  return {
    jobId,
    team,
    model,
    lane,
    estimate,
    ticket: null,
    deadlineAtMs: Number.MAX_SAFE_INTEGER,
    exclude: [],
    urgent: false,
  };
}
