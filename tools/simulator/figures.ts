import type { PeakWindows } from './peak-windows.ts';
import { addToPeaks, createPeakWindows, readPeaks } from './peak-windows.ts';
import type { RequestRecord, SimulatorFigures } from './report.ts';

/** Running figures of a deployment, a region or everything; memory does not grow with the number of requests. */
export type Figures = Omit<SimulatorFigures, 'peaks'> & { charged: PeakWindows; asked: PeakWindows };

/** Figures of nothing. */
export function createFigures(): Figures {
  return {
    received: 0,
    admitted: 0,
    succeeded: 0,
    refused: { tokens: 0, requests: 0, utilisation: 0, capacity: 0, scripted: 0 },
    rejected: { badRequest: 0, unauthorized: 0, notFound: 0 },
    filtered: 0,
    failed: 0,
    timedOut: 0,
    aborted: 0,
    broken: 0,
    byStatus: {},
    faultsPlayed: {},
    billed: { calls: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0, unseenCalls: 0 },
    chargedTokens: 0,
    inFlight: 0,
    maxInFlight: 0,
    charged: createPeakWindows(),
    asked: createPeakWindows(),
  };
}

/** A request has arrived. */
export function countArrival(figures: Figures): void {
  figures.received += 1;
  figures.inFlight += 1;
  figures.maxInFlight = Math.max(figures.maxInFlight, figures.inFlight);
}

/** A request asked the limiter for tokens. */
export function countAsked(figures: Figures, tokens: number, nowMs: number): void {
  addToPeaks(figures.asked, tokens, nowMs);
}

/** A request was admitted and charged. */
export function countAdmission(figures: Figures, chargedTokens: number, nowMs: number): void {
  figures.admitted += 1;
  figures.chargedTokens += chargedTokens;
  addToPeaks(figures.charged, chargedTokens, nowMs);
}

/** A request has ended. */
export function countEnd(figures: Figures, record: RequestRecord): void {
  figures.inFlight -= 1;
  increase(figures.byStatus, record.status === null ? 'none' : String(record.status));
  if (record.fault !== null) increase(figures.faultsPlayed, record.fault);
  countOutcome(figures, record);
  if (!record.billed) return;
  figures.billed.calls += 1;
  if (!record.isUsageSeen) figures.billed.unseenCalls += 1;
  figures.billed.promptTokens += record.usage?.promptTokens ?? 0;
  figures.billed.cachedTokens += record.usage?.cachedTokens ?? 0;
  figures.billed.completionTokens += record.usage?.completionTokens ?? 0;
  figures.billed.reasoningTokens += record.usage?.reasoningTokens ?? 0;
}

/** The figures as the report shows them. */
export function readFigures(figures: Figures): SimulatorFigures {
  const { charged, asked, ...counts } = figures;
  return { ...structuredClone(counts), peaks: { charged: readPeaks(charged), received: readPeaks(asked) } };
}

function countOutcome(figures: Figures, record: RequestRecord): void {
  switch (record.outcome) {
    case 'succeeded':
      figures.succeeded += 1;
      return;
    case 'refused':
      increase(figures.refused, record.refusal ?? 'scripted');
      return;
    case 'rejected':
      if (record.status === 401) figures.rejected.unauthorized += 1;
      else if (record.status === 404) figures.rejected.notFound += 1;
      else figures.rejected.badRequest += 1;
      return;
    case 'filtered':
      figures.filtered += 1;
      return;
    case 'timed-out':
      figures.timedOut += 1;
      return;
    case 'failed':
      figures.failed += 1;
      return;
    case 'aborted':
      figures.aborted += 1;
      return;
    case 'broken':
      figures.broken += 1;
  }
}

function increase(counts: { [name: string]: number }, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
