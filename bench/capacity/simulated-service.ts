import {
  type AdmissionDecision,
  type AdmissionLimits,
  type AdmissionState,
  admit,
  consumeQuota,
  createAdmission,
} from '../../tools/simulator/admission.ts';
import {
  addToPeaks,
  createPeakWindows,
  type PeakWindows,
  readPeaks,
  requestsInLatest,
} from '../../tools/simulator/peak-windows.ts';

/** How the service's 429s tell when to come back. */
export type Hints = 'good' | 'missing' | '86400';

/** One deployment at the service: its limits as configured, what it admitted, and what was sent to it whether admitted or not. */
export interface ServiceDeployment {
  readonly name: string;
  readonly limits: AdmissionLimits;
  readonly state: AdmissionState;
  readonly sent: PeakWindows;
  admittedTokens: number;
  admitted: number;
  refused: number;
  /** Tokens of another application. */
  foreignTokens: number;
  mostRequestsInSlice: number;
}

export function createServiceDeployment(name: string, limits: AdmissionLimits): ServiceDeployment {
  return {
    name,
    limits,
    state: createAdmission(limits),
    sent: createPeakWindows(),
    admittedTokens: 0,
    admitted: 0,
    refused: 0,
    foreignTokens: 0,
    mostRequestsInSlice: 0,
  };
}

/** A request arrives: judged by the simulator's own rules and counted. */
export function arrive(
  deployment: ServiceDeployment,
  tokens: number,
  nowMs: number,
  isMeasured: boolean,
): AdmissionDecision {
  const at = Math.floor(nowMs);
  addToPeaks(deployment.sent, tokens, at);
  const inSlice = requestsInLatest(deployment.sent, deployment.limits.requestWindowSeconds * 1000);
  deployment.mostRequestsInSlice = Math.max(deployment.mostRequestsInSlice, inSlice);
  const decision = admit(deployment.state, { tokens }, at);
  if (!isMeasured) return decision;
  if (decision.outcome === 'admitted') {
    deployment.admitted += 1;
    deployment.admittedTokens += tokens;
  } else deployment.refused += 1;
  return decision;
}

/** Another application on the same deployment takes quota. */
export function takeForeign(deployment: ServiceDeployment, tokens: number, nowMs: number): void {
  deployment.foreignTokens += consumeQuota(deployment.state, { tokens, requests: 1 }, Math.floor(nowMs)).tokens;
}

/** Most that was sent in any 60 seconds, as a part of the limit. */
export function peakShare(deployment: ServiceDeployment): number {
  return readPeaks(deployment.sent).in60Seconds.tokens / deployment.limits.tokensPerMinute;
}

/** What a 429 says about when to come back, in milliseconds; null when it says nothing. */
export function hintOf(hints: Hints, retryAfterMs: number): number | null {
  if (hints === 'missing') return null;
  return hints === '86400' ? 86_400_000 : retryAfterMs;
}
