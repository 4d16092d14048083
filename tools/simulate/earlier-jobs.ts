import { type MemoryState, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { sha256 } from '../../src/core/adapters/system/sha256.ts';
import type { Job } from '../../src/core/jobs/job.ts';
import { probeTeam } from '../../src/core/routing/plan-probe.ts';
import { noUsage } from '../../src/core/tokens/usage.ts';
import { markOf } from './compose-outcome.ts';
import { simulatedModel } from './make-config.ts';
import type { World } from './world.ts';

const hourMs = 3_600_000;
/** Ages on both sides of the retention that the simulated configuration has by default, 168 hours. */
const agesHours = { past: [200, 300, 400], within: [100] } as const;
/** In the place of random bits; what follows tells the team. */
const mark = 'e'.repeat(24);

/** Whether a job had ended before the run began. */
export function isEarlierJob(id: string): boolean {
  return id.includes(mark);
}

/** Puts ended jobs of a team on record, each with a stored answer and a key: some past their retention, one within it. */
export function seedEarlierJobs(state: MemoryState, team: string, startMs: number): void {
  const { jobs, idempotencyKeys } = openTeam(state, team);
  for (const ageHours of [...agesHours.past, ...agesHours.within]) {
    const job = makeEarlierJob(state, team, startMs - ageHours * hourMs);
    jobs.set(job.id, job);
    if (job.idempotencyKeySha256 !== null) idempotencyKeys.set(job.idempotencyKeySha256, job.id);
  }
}

/** What the retention must have done to them, where it knows the team: one sentence for each promise that was not kept. */
export function* checkEarlierJobs(world: World, team: string): Generator<string> {
  if (team === probeTeam || !world.state.registered.has(team)) return;
  const { jobs, idempotencyKeys } = openTeam(world.state, team);
  for (const ageHours of agesHours.past) {
    const id = idOf(team, world.startMs - ageHours * hourMs);
    if (world.hand.touched.has(id)) continue;
    const isKept = jobs.has(id) || [...idempotencyKeys.values()].includes(id) || hasBlob(world, id);
    if (isKept) yield `${id} of ${team} is past its retention, and something of it is still there`;
  }
  for (const ageHours of agesHours.within) {
    const id = idOf(team, world.startMs - ageHours * hourMs);
    if (world.hand.touched.has(id)) continue;
    const isWhole = jobs.has(id) && [...idempotencyKeys.values()].includes(id) && hasBlob(world, id);
    if (!isWhole) yield `${id} of ${team} is within its retention, and something of it is gone`;
  }
}

function makeEarlierJob(state: MemoryState, team: string, createdAtMs: number): Job {
  const id = idOf(team, createdAtMs);
  const name = `${team}/${id}/answer-1`;
  const text = markOf(id, 1);
  const body = { kind: 'blob', name, characters: text.length, sha256: sha256(text) } as const;
  state.blobs.set(name, { text, sha256: body.sha256 });
  const attempt = { number: 1, deployment: 'eastus', region: 'eastus', statusCode: 200, startedAtMs: createdAtMs };
  return {
    id,
    team,
    endpoint: '/v1/chat/completions',
    model: simulatedModel,
    lane: 'standard',
    createdAtMs,
    deadlineAtMs: createdAtMs + hourMs,
    metadata: {},
    fingerprint: sha256(id),
    idempotencyKeySha256: sha256(`${team} ${id}`),
    request: { kind: 'inline', text: '{}' },
    estimate: { inputTokens: 20, outputTokens: 30, promptCharacters: 80, imposedOutputCap: null },
    estimateNanoUsd: 0,
    holdNanoUsd: 0,
    budgetPeriod: '2026-10',
    traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    end: {
      status: 'succeeded',
      startedAtMs: createdAtMs,
      finishedAtMs: createdAtMs + 1000,
      response: { statusCode: 200, requestId: null, body },
      error: null,
      usage: noUsage,
      cost: { nanoUsd: 0, priceId: null, measured: true },
      cache: 'miss',
      attempts: [{ ...attempt, latencyMs: 1000, outcome: 'succeeded', reason: null }],
      trail: [],
    },
  };
}

/** As `makeJobId`, but told from the run's own jobs. */
function idOf(team: string, createdAtMs: number): string {
  return `job_${String(9_999_999_999_999 - createdAtMs).padStart(13, '0')}${mark}${sha256(team).slice(0, 8)}`;
}

function hasBlob({ state }: World, id: string): boolean {
  return [...state.blobs.keys()].some((name) => name.includes(id));
}
