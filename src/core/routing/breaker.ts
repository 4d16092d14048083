import type { HealthEffect } from '../retry/classification.ts';
import type { BreakerState } from './breaker-state.ts';
import { addCall, isFailing, noFailures } from './failure-window.ts';
import { addLatency, isSlow, type Latency, type LatencySample, noLatency } from './latency.ts';
import { addMiss, addService, doubtService, isMissing, servesOthers } from './misconfiguration.ts';
import { isSilence } from './silence.ts';

/** What one call told about its deployment. */
export interface CallEvidence {
  /** Tells jobs apart. */
  readonly job: string;
  /** The operation that was asked for. */
  readonly endpoint: string;
  readonly health: HealthEffect;
  /** Machine-readable cause; null when it succeeded. */
  readonly reason: string | null;
  /** How long the service asked to be left alone; null when it did not. */
  readonly coolDownMs: number | null;
  /** Whether the 429 was for lack of capacity: such a deployment is asked again by one probe. */
  readonly isCapacityShort: boolean;
  readonly sentAtMs: number;
  /** Whether anything came back. */
  readonly isAnswered: boolean;
  /** A call of the timer's kind, made to learn this: its silence is enough. */
  readonly isProbe: boolean;
  /** Of answered calls that succeeded. */
  readonly sample: LatencySample | null;
}

/** The pool's other deployments, for judging slowness: those that take calls, with their latency. */
export interface BreakerPeers {
  readonly latencies: readonly Latency[];
}

/** What a deployment takes now: everything, one probe, or nothing before `untilMs`. */
export interface Admission {
  readonly admits: 'all' | 'probe' | 'none';
  readonly untilMs: number;
}

/**
 * Time out of service: 5 s, then 8 s for as long as it fails again within a minute. Envoy's 30 s × times ejected would
 * keep a region out for minutes; with at most 8 s between probes, a wait for the next job and an answer of some seconds it is
 * back within 15 s of its recovery.
 */
export const ejectionMs = 5000;
export const longestEjectionMs = 8000;
/** A quiet minute after closing, and the next opening counts as the first. */
const quietMs = 60_000;
/** A probe that is not heard of for so long makes way for the next; a hung region must not keep the right to probe. */
export const probeLeaseMs = 6000;
/** A rejected credential or a missing deployment is mended by people: ask again twice a minute. */
const faultyMs = 30_000;
/** Over this time a recovered deployment comes to its full share. */
export const rampMs = 10_000;

/** Whether a call may be made now. */
export function admits(state: BreakerState, now: number): Admission {
  const { status, probe } = state;
  if (status === 'half-open' && probe !== null && now < probe.untilMs)
    return { admits: 'none', untilMs: probe.untilMs };
  const untilMs = Math.max(state.coolUntilMs, status === 'open' ? state.retryAtMs : 0);
  if (now < untilMs) return { admits: 'none', untilMs };
  return { admits: status === 'closed' && !state.probesAfterCooling ? 'all' : 'probe', untilMs: now };
}

/**
 * Whether only a call made for it may test the deployment now: it swallowed calls, and work would be swallowed too. It is the timer's for
 * `timersMs` past its time; then work tests it after all, as the timer seems to be away.
 */
export function isTimersToTest(state: BreakerState, timersMs: number, now: number): boolean {
  const { status, reason, retryAtMs, probe } = state;
  if (status === 'closed' || !isSilence(reason)) return false;
  return now < (probe === null ? retryAtMs : probe.untilMs) + timersMs;
}

/** The state after the one probe was given out. */
export function onProbeLease(state: BreakerState, now: number): BreakerState {
  return { ...state, status: 'half-open', probe: { leasedAtMs: now, untilMs: now + probeLeaseMs } };
}

/** The state after the probe that was leased for `sendAtMs` was not sent after all: another may go at once. */
export function onProbeReturn(state: BreakerState, sendAtMs: number, now: number): BreakerState {
  const { status, probe } = state;
  if (status !== 'half-open' || probe === null || sendAtMs < probe.leasedAtMs || sendAtMs > probe.untilMs) return state;
  // A lack of capacity leaves the breaker closed but for its probe; it goes back to that.
  return { ...state, status: state.probesAfterCooling ? 'closed' : 'open', retryAtMs: now, probe: null };
}

/** The part of its quota that a deployment should be given: rises from 0.1 to 1 in the 10 s after it closed. */
export function rampShare(state: BreakerState, now: number): number {
  if (state.recoveredAtMs === 0 || state.status !== 'closed') return 1;
  return Math.min(1, Math.max(0.1, (now - state.recoveredAtMs) / rampMs));
}

/**
 * The state after a call was heard of. While it is open only longer hints count; while a probe is out only the probe
 * does; of a recovered deployment, calls that were sent before it recovered do not count.
 */
export function onOutcome(state: BreakerState, call: CallEvidence, peers: BreakerPeers, now: number): BreakerState {
  const cooled = cool(hear(state, call), call, now);
  if (state.status === 'open') return cooled;
  if (state.status === 'half-open') {
    if (state.probe !== null && call.sentAtMs >= state.probe.leasedAtMs) return onProbe(cooled, call, peers, now);
    // A probe that outlived its lease still proves the deployment well: answers may take longer than any lease. It proves no ill.
    const isLateProof = call.health === 'good' && call.sentAtMs >= Math.max(state.retryAtMs, state.coolUntilMs);
    const judged = isLateProof ? onProbe(cooled, call, peers, now) : cooled;
    return judged.status === 'closed' ? judged : cooled;
  }
  if (call.sentAtMs < state.recoveredAtMs) return cooled;
  switch (call.health) {
    case 'none':
      return cooled;
    case 'credential':
      return open(cooled, call.reason, now, faultyMs);
    case 'configuration': {
      // One team's wrong operation must not take the deployment from all others.
      const service = doubtService(cooled.service, call.endpoint);
      if (servesOthers(service, call.endpoint, now)) return { ...cooled, service };
      const missed = { ...cooled, service: addMiss(service, call.job, now) };
      return isMissing(missed.service) ? open(missed, call.reason, now, faultyMs) : missed;
    }
    case 'bad': {
      const failures = addCall(cooled.failures, { isGood: false, sentAtMs: call.sentAtMs, job: call.job }, now);
      // Silence of a cheap call tells what long calls cannot, unless something sent since was answered; the last deployment that
      // takes calls is never left over it.
      const isMute =
        call.isProbe && isSilence(call.reason) && cooled.heardMs <= call.sentAtMs && peers.latencies.length > 0;
      return isMute || isFailing(failures) ? eject({ ...cooled, failures }, call.reason, now) : { ...cooled, failures };
    }
    case 'good': {
      const failures = addCall(cooled.failures, { isGood: true, sentAtMs: call.sentAtMs, job: call.job }, now);
      // A probe's answer is far shorter than work's: it would make the averages something else.
      const isMeasured = call.sample !== null && !call.isProbe;
      const latency = isMeasured ? addLatency(cooled.latency, call.sample) : cooled.latency;
      const service = addService(cooled.service, call.endpoint, now);
      const learnt = { ...cooled, failures, latency, service };
      // Peers are those that take calls: without one left, a slow deployment is better than none.
      return isMeasured && isSlow(latency, peers.latencies) ? eject(learnt, 'slow', now) : learnt;
    }
  }
}

/** Of a deployment that is out only its probe tells. */
function hear(state: BreakerState, { isAnswered, sentAtMs }: CallEvidence): BreakerState {
  return isAnswered && state.status === 'closed' && sentAtMs > state.heardMs ? { ...state, heardMs: sentAtMs } : state;
}

/** A hint extends the time to stay away and never shortens it; it marks no one's health. */
function cool(state: BreakerState, call: CallEvidence, now: number): BreakerState {
  if (call.coolDownMs === null) return state;
  const coolUntilMs = Math.max(state.coolUntilMs, now + call.coolDownMs);
  const probesAfterCooling = state.probesAfterCooling || call.isCapacityShort;
  if (state.status !== 'closed') return { ...state, coolUntilMs, probesAfterCooling };
  const sinceMs = now < state.coolUntilMs ? state.sinceMs : now;
  return { ...state, coolUntilMs, probesAfterCooling, reason: call.reason, sinceMs };
}

function onProbe(state: BreakerState, call: CallEvidence, peers: BreakerPeers, now: number): BreakerState {
  switch (call.health) {
    case 'bad':
      return eject(state, call.reason, now);
    case 'credential':
      return open(state, call.reason, now, faultyMs);
    case 'configuration':
      // An operation that it never served tells nothing: the next probe may go at once.
      return servesOthers(state.service, call.endpoint, now)
        ? { ...state, status: 'open', retryAtMs: now, probe: null }
        : open(state, call.reason, now, faultyMs);
    case 'none':
      // It answered: alive, only out of quota. Anything else taught nothing, and the next probe may go at once.
      return call.coolDownMs === null
        ? { ...state, status: 'open', retryAtMs: now, probe: null }
        : { ...close(state, now), reason: call.reason, sinceMs: now, probesAfterCooling: call.isCapacityShort };
    case 'good': {
      if (call.sample === null) return close(state, now);
      // What it was like before the break is history: the probe is the first sample.
      const latency = addLatency(noLatency, call.sample);
      if (isSlow({ ...latency, samples: 2 }, peers.latencies)) return eject({ ...state, latency }, 'slow', now);
      // A cheap call's answer of a word tells nothing of what work takes per token.
      return close({ ...state, latency: call.isProbe ? noLatency : latency }, now);
    }
  }
}

function eject(state: BreakerState, reason: string | null, now: number): BreakerState {
  const isAgain = state.status !== 'closed' || (state.recoveredAtMs > 0 && now - state.recoveredAtMs < quietMs);
  const ejections = isAgain ? state.ejections + 1 : 1;
  // A test that was swallowed has taken its six seconds already: more than five after it, and no region would be back within 15 s.
  const times = isSilence(reason) ? 1 : ejections;
  return { ...open(state, reason, now, Math.min(longestEjectionMs, ejectionMs * times)), ejections };
}

function open(state: BreakerState, reason: string | null, now: number, forMs: number): BreakerState {
  const sinceMs = state.status === 'closed' || state.sinceMs === null ? now : state.sinceMs;
  return { ...state, status: 'open', reason, sinceMs, retryAtMs: now + forMs, probe: null, failures: noFailures };
}

function close(state: BreakerState, now: number): BreakerState {
  return {
    ...state,
    status: 'closed',
    reason: null,
    sinceMs: null,
    probe: null,
    recoveredAtMs: now,
    failures: noFailures,
    probesAfterCooling: false,
  };
}
