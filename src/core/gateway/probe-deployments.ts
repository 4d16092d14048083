import type { Booking, DeploymentView } from '../capacity/capacity.ts';
import type { PoolConfig } from '../config/config-schema.ts';
import { findDeployment } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import { type ProbeJob, planProbe, probeTeam, probeTimeoutMs } from '../routing/plan-probe.ts';
import { isSilence } from '../routing/silence.ts';
import { openTrace } from '../telemetry/traceparent.ts';
import { makeProbeCall } from './make-probe-call.ts';
import type { Ports } from './ports.ts';

/** What one run of the timer did. */
export interface ProbeTally {
  /** Deployments that were out of service. */
  readonly out: number;
  /** Probe calls that were made. */
  readonly called: number;
}

/** Work of its own is the better probe: a deployment's probe that stayed untaken for this long past its time has no traffic. */
const leftToTrafficMs = 2000;
/** Probes that come due this soon are waited for: the timer may be as rare as the break is long. */
const waitsForMs = 12_000;

/**
 * Tests deployments whose breaker is open while nobody works through them: one call each, leased through the shared row like any
 * other probe, so that among all instances exactly one is made. Where work probes by itself, or all is well, it costs one read.
 */
export async function probeDeployments(ports: Ports): Promise<ProbeTally> {
  const pools = ports.config.current().pools.filter(({ paused }) => !paused);
  const tallies = await Promise.all(pools.map((pool) => probePool(ports, pool)));
  return {
    out: tallies.reduce((sum, tally) => sum + tally.out, 0),
    called: tallies.reduce((sum, tally) => sum + tally.called, 0),
  };
}

async function probePool(ports: Ports, pool: PoolConfig): Promise<ProbeTally> {
  try {
    const out = (await ports.capacity.view(pool.model)).filter(isOut);
    const called = await Promise.all(out.map((view) => probeWhenDue(ports, pool, view)));
    return { out: out.length, called: called.filter(Boolean).length };
  } catch (error) {
    // The timer comes again; a probe is no work that anyone waits for.
    if (!(error instanceof StorageUnavailableError)) throw error;
    return { out: 0, called: 0 };
  }
}

function isOut({ health }: DeploymentView): boolean {
  return health === 'ejected' || health === 'probing';
}

async function probeWhenDue(ports: Ports, pool: PoolConfig, seen: DeploymentView): Promise<boolean> {
  const { clock, drain } = ports;
  const leaveMs = isSilence(seen.breakerReason) ? 0 : leftToTrafficMs;
  const waitMs = (seen.nextProbeAtMs ?? clock.now()) + leaveMs - clock.now();
  if (waitMs > waitsForMs) return false;
  if (waitMs > 0) {
    await clock.sleep(waitMs, drain.waits);
    if (drain.isDraining) return false;
    const now = (await ports.capacity.view(pool.model)).find(({ deployment }) => deployment === seen.deployment);
    // Work has probed meanwhile, or its probe is out.
    // A view counts in whole ms, upwards: what is due at this very moment may be told for the next one.
    const dueByMs = Math.ceil(clock.now());
    if (now === undefined || !isOut(now) || (now.nextProbeAtMs ?? 0) > dueByMs) return false;
  }
  return drain.track(() => probe(ports, pool, seen.deployment));
}

async function probe(ports: Ports, pool: PoolConfig, name: string): Promise<boolean> {
  return callProbe(ports, pool, name, { isOut: true, withinMs: probeTimeoutMs });
}

/** Asks a deployment that takes calls whether it answers at all; `withinMs` is how long it may take. False when nothing was sent. */
export function askForLife(ports: Ports, pool: PoolConfig, name: string, withinMs: number): Promise<boolean> {
  return callProbe(ports, pool, name, { isOut: false, withinMs });
}

/** `isOut`: only the one leased probe of a deployment that takes no calls will do; otherwise only an ordinary place. */
async function callProbe(
  ports: Ports,
  pool: PoolConfig,
  name: string,
  { isOut, withinMs }: { readonly isOut: boolean; readonly withinMs: number },
): Promise<boolean> {
  const { clock, random } = ports;
  const planned = planProbe(
    { config: ports.config.current(), pool, deployment: name },
    { now: clock.now(), random, sha256: ports.sha256, traceparent: openTrace(null, random) },
  );
  const booking = await bookProbe(ports, planned, { deployment: name, isOut });
  if (booking === null) return false;
  const deployment = findDeployment(ports.config.current(), pool.model, name);
  if (deployment === null) {
    ports.capacity.release(booking);
    return false;
  }
  return makeProbeCall(ports, planned, { booking, deployment, withinMs });
}

/** What a probe's job costs to accept before it is sent, in claims: its team's registration, its budget, the transaction. */
const acceptanceTrips = 3;
/** Bookings reach two seconds ahead. */
const longestAcceptanceMs = 1000;

/** Takes a place for the call; null when somebody else has the one probe, or the deployment's state has changed. */
async function bookProbe(
  ports: Ports,
  { job }: ProbeJob,
  { deployment, isOut }: { readonly deployment: string; readonly isOut: boolean },
): Promise<Booking | null> {
  const { id: jobId, model, lane, estimate, deadlineAtMs } = job;
  const asked = { jobId, team: probeTeam, model, lane, estimate };
  const result = await ports.capacity.book({
    ...asked,
    deadlineAtMs,
    ticket: null,
    exclude: [],
    only: deployment,
    urgent: true,
    claimMs: Math.min(acceptanceTrips * ports.claimPace.leadMs, longestAcceptanceMs),
  });
  if (result.outcome === 'never') return null;
  if (result.outcome === 'wait') {
    if (result.ticket !== null) ports.capacity.leave({ ...asked, ticket: result.ticket });
    return null;
  }
  if ((result.booking.why === 'probe') === isOut) return result.booking;
  ports.capacity.release(result.booking);
  return null;
}
