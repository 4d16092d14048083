import type { Booking } from '../../src/core/capacity/capacity.ts';
import { type PoolLimits, unknownTeam } from '../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../src/core/capacity/pooled-capacity.ts';
import { type Lane, lanes } from '../../src/core/jobs/job.ts';
import { classifyRefusal } from '../../src/core/retry/classify-refusal.ts';
import type { Draws } from './seeded.ts';
import { chargeOf, type SimulatedJob } from './simulated-job.ts';
import { arrive, refusalOf } from './simulated-service.ts';
import { model, type Simulation, type WorkerKind, type WorkersOf } from './simulation.ts';

/** As in the gateway: longer waits are parked, a job sits in a worker no longer than this, claims are written this early. */
const NEAR_MS = 2000;
const LONGEST_SIT_MS = 10_000;
const CLAIM_LEAD_MS = 40;
/** The claim's own write, between the turn and the call. */
const CLAIM_MS = 15;

/** Workers that book through the real policy and pump. */
export const weirWorkers: WorkersOf = (simulation, index, draws) =>
  makeWorker({ simulation, index, draws }, ({ lane }) => lane);

/** Another line, for comparison: one for all lanes, unpaced, first come first served. */
export const oneLineWorkers: WorkersOf = (simulation, index, draws) =>
  makeWorker({ simulation, index, draws }, () => 'interactive');

function makeWorker(
  { simulation, index, draws }: { simulation: Simulation; index: number; draws: Draws },
  laneOf: (job: SimulatedJob) => Lane,
): WorkerKind {
  const { scenario } = simulation;
  const skewMs = scenario.skewMs * (scenario.workers === 1 ? 1 : (2 * index) / (Math.max(2, scenario.workers) - 1) - 1);
  const clock = simulation.clockOf(index, Math.max(-scenario.skewMs, Math.min(scenario.skewMs, skewMs)));
  const capacity = new PooledCapacity({
    store: simulation.store.connect(draws, scenario.roundTripMs),
    clock,
    random: draws,
    telemetry: {
      track: (event) => {
        if (event.type === 'notice') simulation.notice(event.name);
      },
      flush: async () => {},
    },
    health: scenario.health,
    limits: () => limitsOf(simulation),
  });

  const estimateOf = ({ size }: SimulatedJob) => ({
    inputTokens: Math.ceil(size.promptCharacters / 4),
    outputTokens: size.outputCap,
    promptCharacters: size.promptCharacters,
    imposedOutputCap: null,
  });

  const call = async (job: SimulatedJob, booking: Booking): Promise<boolean> => {
    await clock.sleep(draws.uniform(2, 25));
    const deployment = simulation.service.find(({ name }) => name === booking.deployment);
    if (deployment === undefined || !simulation.isAlive(index)) return false;
    const sentAtMs = clock.now();
    const tokens = Math.round(chargeOf(job.size) * scenario.serviceFactor);
    const decision = arrive(deployment, tokens, simulation.time.nowMs, simulation.isMeasured);
    const refused =
      decision.outcome === 'refused' ? classifyRefusal(refusalOf(scenario.hints, decision), clock.now()) : null;
    const isAdmitted = refused === null;
    if (isAdmitted) {
      job.sentMs = simulation.time.nowMs;
      simulation.logTeam(job.team, tokens);
    } else job.throttled += 1;
    const latencyMs = isAdmitted ? 500 + job.size.outputTokens * 20 : 30;
    await clock.sleep(latencyMs);
    capacity.report({
      booking,
      jobId: booking.id,
      endpoint: '/v1/chat/completions',
      sentAtMs,
      outcome: isAdmitted ? 'succeeded' : 'throttled',
      reason: refused?.reason ?? null,
      statusCode: isAdmitted ? 200 : 429,
      health: isAdmitted ? 'good' : 'none',
      throttle: refused?.throttle ?? null,
      coolDownMs: refused?.coolDownMs ?? null,
      limitTokens: decision.headroom.limitTokens,
      remainingTokens: decision.headroom.remainingTokens > 0 ? decision.headroom.remainingTokens : null,
      firstByteMs: isAdmitted ? 500 : null,
      latencyMs,
      usage: {
        inputTokens: Math.ceil(job.size.promptCharacters / 4),
        cachedInputTokens: 0,
        outputTokens: isAdmitted ? job.size.outputTokens : 0,
        reasoningTokens: 0,
      },
    });
    return isAdmitted;
  };

  const handle = async (job: SimulatedJob): Promise<void> => {
    const startedMs = clock.now();
    const exclude: string[] = [];
    for (;;) {
      if (!simulation.isAlive(index)) return;
      const result = await capacity.book({
        jobId: job.id,
        team: job.team,
        model,
        lane: laneOf(job),
        estimate: estimateOf(job),
        ticket: job.ticket,
        deadlineAtMs: startedMs + 3_600_000,
        exclude,
        urgent: job.lane === 'interactive' || exclude.length > 0,
      });
      // A killed worker writes nothing any more.
      if (!simulation.isAlive(index)) return;
      if (result.outcome === 'never') {
        job.isRefused = true;
        return;
      }
      job.ticket = result.ticket;
      if (result.outcome === 'booked') {
        await clock.sleep(result.booking.sendAtMs - CLAIM_LEAD_MS - clock.now());
        await clock.sleep(CLAIM_MS);
        await clock.sleep(result.booking.sendAtMs - clock.now());
        if (clock.now() - result.booking.sendAtMs > result.booking.mostDelayMs) {
          capacity.release(result.booking);
          continue;
        }
        if (!simulation.isAlive(index)) return;
        if (await call(job, result.booking)) {
          job.isDone = true;
          return;
        }
        exclude.push(result.booking.deployment);
        continue;
      }
      const waitMs = result.untilMs - clock.now();
      const isSync = job.lane === 'interactive';
      if (!isSync && (waitMs > NEAR_MS || clock.now() - startedMs > LONGEST_SIT_MS)) {
        job.parks += 1;
        job.dueMs = simulation.time.nowMs + Math.max(0, waitMs);
        return;
      }
      await clock.sleep(Math.max(waitMs, 5));
    }
  };

  return {
    handle,
    forecast: async (job) => {
      const forecast = await capacity.forecast({ ...placeOf(job), createdAtMs: job.submittedMs });
      const startAtMs = forecast?.startAtMs ?? null;
      return startAtMs === null ? null : startAtMs - clock.now() + simulation.time.nowMs;
    },
    leave: (job) => {
      const { ticket } = job;
      if (ticket !== null) capacity.leave({ ...placeOf(job), ticket });
    },
    tokensInLine: async () => (await capacity.lanes(model)).reduce((sum, { tokensWaiting }) => sum + tokensWaiting, 0),
  };

  function placeOf(job: SimulatedJob) {
    const { id, team, ticket } = job;
    return { jobId: id, team, lane: laneOf(job), ticket, model, estimate: estimateOf(job) };
  }
}

function limitsOf({ service, scenario, teamChanges }: Simulation): PoolLimits {
  return {
    model,
    isPaused: false,
    loadThreshold: 0.8,
    deployments: service.map(({ name, state: { limits } }) => ({
      name,
      region: name,
      priority: 1,
      isProvisioned: limits.sku.includes('Provisioned'),
      isPaused: false,
      tokensPerMinute: limits.tokensPerMinute,
      requestsPerMinute: limits.requestsPerMinute,
      requestWindowSeconds: limits.requestWindowSeconds,
      spill: lanes,
    })),
    teams: new Map(
      Object.entries({ ...scenario.teams, ...Object.fromEntries(teamChanges) }).map(([id, team]) => [
        id,
        {
          ...unknownTeam,
          share: team.share ?? 1,
          tokensPerMinute: team.tokensPerMinute ?? null,
          requestsPerMinute: team.requestsPerMinute ?? null,
        },
      ]),
    ),
  };
}
