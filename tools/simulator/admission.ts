import type { WindowKind, WindowLog } from './window-log.ts';
import { chargeWindow, createWindowLog, msUntilEmpty, msUntilFits, sumWindow } from './window-log.ts';

/** The limits of one deployment; a SKU whose name contains "Provisioned" is judged by utilisation instead of windows. */
export type AdmissionLimits = {
  tokensPerMinute: number;
  requestsPerMinute: number;
  requestWindowSeconds: 1 | 10;
  window: WindowKind;
  sku: string;
};

/** What one deployment remembers of the requests it has judged: plain data, changed in place by the functions here. */
export type AdmissionState = {
  limits: AdmissionLimits;
  tokens: WindowLog;
  requests: WindowLog;
  utilisedTokens: number;
  lastMs: number;
};

/** Which limit refused: tokens per minute, requests per slice, or the utilisation of a provisioned deployment. */
export type AdmissionRefusalKind = 'tokens' | 'requests' | 'utilisation';

/** What the rate-limit headers tell after a decision; the request figures are those of the slice, not of the minute. */
export type AdmissionHeadroom = {
  limitTokens: number;
  remainingTokens: number;
  resetTokensMs: number;
  limitRequests: number;
  remainingRequests: number;
  resetRequestsMs: number;
};

/** Admitted and charged, or refused; `fitsEver` is false when the request is larger than the whole limit. */
export type AdmissionDecision =
  | { outcome: 'admitted'; chargedTokens: number; headroom: AdmissionHeadroom }
  | {
      outcome: 'refused';
      kind: AdmissionRefusalKind;
      retryAfterMs: number;
      fitsEver: boolean;
      headroom: AdmissionHeadroom;
    };

const MINUTE_MS = 60_000;

/** A deployment that has judged nothing yet. */
export function createAdmission(limits: AdmissionLimits): AdmissionState {
  return {
    limits,
    tokens: createWindowLog(limits.window, MINUTE_MS),
    requests: createWindowLog(limits.window, limits.requestWindowSeconds * 1000),
    utilisedTokens: 0,
    lastMs: 0,
  };
}

/** Requests that one slice lets through: RPM × slice / 60, at least 1 unless RPM itself is 0. */
export function requestsPerSlice(limits: AdmissionLimits): number {
  if (limits.requestsPerMinute <= 0) return 0;
  return Math.max(1, Math.floor((limits.requestsPerMinute * limits.requestWindowSeconds) / 60));
}

/** Whether a SKU is corrected to the actual usage instead of keeping the estimate. */
export function isProvisionedSku(sku: string): boolean {
  return sku.includes('Provisioned');
}

/**
 * Judges one request of `tokens` estimated tokens at `nowMs` and charges it. As observed on pay-as-you-go SKUs: the estimate is
 * charged at admission and never given back; a token-limited refusal still uses up the request slice, a request-limited one
 * does not. Provisioned SKUs admit while utilisation is at most 100 %. A clock that jumps back is read as standing still.
 */
export function admit(state: AdmissionState, request: { tokens: number }, nowMs: number): AdmissionDecision {
  const now = advance(state, nowMs);
  const { limits } = state;
  if (isProvisionedSku(limits.sku)) return admitProvisioned(state, request.tokens, now);
  const requestWaitMs = msUntilFits(state.requests, 1, requestsPerSlice(limits), now);
  if (requestWaitMs !== 0) return refuse(state, 'requests', requestWaitMs, now);
  chargeWindow(state.requests, 1, now);
  const tokenWaitMs = msUntilFits(state.tokens, request.tokens, limits.tokensPerMinute, now);
  if (tokenWaitMs !== 0) return refuse(state, 'tokens', tokenWaitMs, now);
  chargeWindow(state.tokens, request.tokens, now);
  return { outcome: 'admitted', chargedTokens: request.tokens, headroom: readHeadroom(state, now) };
}

/** Replaces a provisioned deployment's estimate by the actual tokens once a request has ended; Standard SKUs keep the estimate. */
export function correctCharge(
  state: AdmissionState,
  charge: { chargedTokens: number; actualTokens: number },
  nowMs: number,
): void {
  advance(state, nowMs);
  if (!isProvisionedSku(state.limits.sku)) return;
  state.utilisedTokens = Math.max(0, state.utilisedTokens + charge.actualTokens - charge.chargedTokens);
}

/** Takes quota as another application on the same deployment would, at most what is left, and returns what was taken. */
export function consumeQuota(
  state: AdmissionState,
  load: { tokens: number; requests: number },
  nowMs: number,
): { tokens: number; requests: number } {
  const now = advance(state, nowMs);
  const headroom = readHeadroom(state, now);
  const tokens = Math.min(load.tokens, headroom.remainingTokens);
  const requests = Math.min(load.requests, headroom.remainingRequests);
  if (isProvisionedSku(state.limits.sku)) state.utilisedTokens += tokens;
  else if (tokens > 0) chargeWindow(state.tokens, tokens, now);
  if (requests > 0) chargeWindow(state.requests, requests, now);
  return { tokens, requests };
}

/** Puts new limits in force at once; what was charged before keeps counting. */
export function changeLimits(state: AdmissionState, limits: AdmissionLimits): void {
  state.limits = limits;
  state.tokens.kind = limits.window;
  state.requests.kind = limits.window;
  state.requests.lengthMs = limits.requestWindowSeconds * 1000;
}

/** What the rate-limit headers would say at `nowMs`, charging nothing. */
export function readHeadroom(state: AdmissionState, nowMs: number): AdmissionHeadroom {
  const now = advance(state, nowMs);
  const { limits } = state;
  const provisioned = isProvisionedSku(limits.sku);
  const usedTokens = provisioned ? state.utilisedTokens : sumWindow(state.tokens, now);
  const limitRequests = requestsPerSlice(limits);
  return {
    limitTokens: limits.tokensPerMinute,
    remainingTokens: Math.max(0, Math.floor(limits.tokensPerMinute - usedTokens)),
    resetTokensMs: provisioned ? drainMs(limits, usedTokens) : msUntilEmpty(state.tokens, now),
    limitRequests,
    remainingRequests: Math.max(0, limitRequests - sumWindow(state.requests, now)),
    resetRequestsMs: msUntilEmpty(state.requests, now),
  };
}

function admitProvisioned(state: AdmissionState, tokens: number, now: number): AdmissionDecision {
  const overTokens = state.utilisedTokens - state.limits.tokensPerMinute;
  if (overTokens > 0) return refuse(state, 'utilisation', Math.max(1, drainMs(state.limits, overTokens)), now);
  state.utilisedTokens += tokens;
  chargeWindow(state.requests, 1, now);
  return { outcome: 'admitted', chargedTokens: tokens, headroom: readHeadroom(state, now) };
}

function refuse(
  state: AdmissionState,
  kind: AdmissionRefusalKind,
  waitMs: number | null,
  now: number,
): AdmissionDecision {
  return {
    outcome: 'refused',
    kind,
    retryAfterMs: waitMs ?? MINUTE_MS,
    fitsEver: waitMs !== null,
    headroom: readHeadroom(state, now),
  };
}

function advance(state: AdmissionState, nowMs: number): number {
  const now = Math.max(nowMs, state.lastMs);
  if (state.utilisedTokens > 0) {
    const drained = ((now - state.lastMs) * state.limits.tokensPerMinute) / MINUTE_MS;
    state.utilisedTokens = Math.max(0, state.utilisedTokens - drained);
  }
  state.lastMs = now;
  return now;
}

function drainMs(limits: AdmissionLimits, tokens: number): number {
  return limits.tokensPerMinute > 0 ? Math.ceil((tokens * MINUTE_MS) / limits.tokensPerMinute) : MINUTE_MS;
}
