import type { Refusal } from '../../src/core/retry/classify-refusal.ts';
import {
  type AdmissionDecision,
  type AdmissionLimits,
  type AdmissionState,
  admit,
  changeLimits,
  consumeQuota,
  createAdmission,
  requestsPerSlice,
} from '../../tools/simulator/admission.ts';
import {
  addToPeaks,
  createPeakWindows,
  type PeakWindows,
  requestsInLatest,
} from '../../tools/simulator/peak-windows.ts';

/** How the service's 429s tell when to come back. */
export type Hints = 'good' | 'missing' | '86400';

/** One deployment at the service: its limits at the start, what it admitted, and what was sent to it whether admitted or not. */
export interface ServiceDeployment {
  readonly name: string;
  readonly limits: AdmissionLimits;
  readonly state: AdmissionState;
  readonly sent: PeakWindows;
  readonly letThrough: PeakWindows;
  /** What was admitted and when. */
  readonly log: { readonly atMs: number; readonly tokens: number }[];
  admittedTokens: number;
  refused: number;
  /** Tokens of another application. */
  foreignTokens: number;
  mostRequestsInSlice: number;
  /** Most that was sent in any 60 seconds, as a part of the limit in force. */
  peakShare: number;
  /** Sends that were refused, or went over a limit in force in any 60 s or slice though the service's own minute let them through. */
  overLimit: number;
}

export function createServiceDeployment(name: string, limits: AdmissionLimits): ServiceDeployment {
  return {
    name,
    limits,
    state: createAdmission(limits),
    sent: createPeakWindows(),
    letThrough: createPeakWindows(),
    log: [],
    admittedTokens: 0,
    refused: 0,
    foreignTokens: 0,
    mostRequestsInSlice: 0,
    peakShare: 0,
    overLimit: 0,
  };
}

/** A tenth of a per mille: charges are whole tokens, windows whole milliseconds. */
export const whole = 1.0001;

/** A request arrives: judged by the simulator's own rules and counted. */
export function arrive(
  deployment: ServiceDeployment,
  tokens: number,
  nowMs: number,
  isMeasured: boolean,
): AdmissionDecision {
  const at = Math.floor(nowMs);
  const { limits } = deployment.state;
  const sliceMs = limits.requestWindowSeconds * 1000;
  const { tokens: sentInMinute } = addToPeaks(deployment.sent, tokens, at);
  deployment.peakShare = Math.max(deployment.peakShare, sentInMinute / limits.tokensPerMinute);
  deployment.mostRequestsInSlice = Math.max(deployment.mostRequestsInSlice, requestsInLatest(deployment.sent, sliceMs));
  const decision = admit(deployment.state, { tokens }, at);
  if (decision.outcome === 'admitted') {
    deployment.log.push({ atMs: at, tokens });
    const inMinute = addToPeaks(deployment.letThrough, tokens, at).tokens;
    const inSlice = requestsInLatest(deployment.letThrough, sliceMs);
    if (inMinute > limits.tokensPerMinute * whole || inSlice > requestsPerSlice(limits)) deployment.overLimit += 1;
  } else deployment.overLimit += 1;
  if (!isMeasured) return decision;
  if (decision.outcome === 'admitted') deployment.admittedTokens += tokens;
  else deployment.refused += 1;
  return decision;
}

/** Another application on the same deployment takes quota. */
export function takeForeign(deployment: ServiceDeployment, tokens: number, nowMs: number, isMeasured: boolean): void {
  const taken = consumeQuota(deployment.state, { tokens, requests: 1 }, Math.floor(nowMs)).tokens;
  if (isMeasured) deployment.foreignTokens += taken;
}

/** The deployment's owner sets other limits: in force at once. */
export function setLimits({ state }: ServiceDeployment, over: Partial<AdmissionLimits>): void {
  changeLimits(state, { ...state.limits, ...over });
}

/** A 429 as it comes over the wire: its message names the limit, its headers tell when to come back, or do not. */
export function refusalOf(hints: Hints, { kind, retryAfterMs }: AdmissionDecision & { outcome: 'refused' }): Refusal {
  const message = `Your requests have exceeded the ${kind === 'requests' ? 'request' : 'token'} rate limit of your pricing tier.`;
  const headers = {
    good: { 'retry-after-ms': String(retryAfterMs) },
    missing: {},
    '86400': { 'retry-after': '86400' },
  };
  return { statusCode: 429, headers: headers[hints], body: { error: { code: '429', message } } };
}
