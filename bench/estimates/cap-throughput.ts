import { learnOutputCap, leastSamples } from '../../src/core/tokens/learn-output-cap.ts';
import { admit, createAdmission } from '../../tools/simulator/admission.ts';
import { estimateChat, OBSERVED_CHAT_RULE } from '../../tools/simulator/admission-estimate.ts';
import type { Measured } from './prompt-errors.ts';

/** Who sets the output cap: nobody, a careful caller, Weir by what it has learnt, or someone who knows each answer beforehand. */
export const strategies = ['unset', '4096', 'learned', 'oracle'] as const;
export type Strategy = (typeof strategies)[number];

export interface CapFigures {
  readonly strategy: Strategy;
  readonly jobsPerMinute: number;
  /** Charged at admission ÷ used, over all calls. */
  readonly admittedToUsed: number;
  /** Jobs whose first answer the cap cut short: run again, or lost where nobody does. */
  readonly cutShort: number;
  /** Calls per job. */
  readonly callsPerJob: number;
  /** The cap at the end of the run. */
  readonly cap: number | null;
}

const maxOutputTokens = 4096;
const historyRows = 500;
const relearnEveryMs = 60_000;
const warmUpMs = 120_000;
const measuredMs = 3_600_000;
const limits = {
  tokensPerMinute: 100_000,
  requestsPerMinute: 10_000,
  requestWindowSeconds: 10,
  window: 'sliding',
  sku: 'GlobalStandard',
} as const;

/** Keeps one simulated deployment full for a virtual hour, after two minutes of warm-up, and tells what came of it. */
export function runStrategy(strategy: Strategy, measured: readonly Measured[]): CapFigures {
  const state = createAdmission(limits);
  const lengths: number[] = [];
  let cap: number | null = null;
  let learnedAtMs = 0;
  let nowMs = 1;
  const sums = { jobs: 0, calls: 0, charged: 0, used: 0, cut: 0 };
  for (let next = 0; nowMs < warmUpMs + measuredMs; next += 1) {
    const job = measured[next % measured.length];
    if (job === undefined) break;
    const isDue = lengths.length >= leastSamples && (cap === null || nowMs - learnedAtMs >= relearnEveryMs);
    if (strategy === 'learned' && isDue) {
      cap = learnOutputCap(lengths.slice(-historyRows), maxOutputTokens);
      learnedAtMs = nowMs;
    }
    const { answerTokens } = job.request;
    const first = { unset: null, '4096': maxOutputTokens, learned: cap ?? maxOutputTokens, oracle: answerTokens }[
      strategy
    ];
    const isCut = first !== null && answerTokens > first;
    const runs = isCut && strategy === 'learned' && first < maxOutputTokens ? [first, maxOutputTokens] : [first];
    const isMeasured = nowMs >= warmUpMs;
    for (const own of runs) {
      const charge = {
        promptCharacters: job.promptCharacters,
        promptTokensGiven: 0,
        maxOutputTokens: own,
        choices: 1,
      };
      const tokens = estimateChat(charge, OBSERVED_CHAT_RULE);
      for (let decision = admit(state, { tokens }, nowMs); decision.outcome === 'refused'; ) {
        nowMs += Math.max(1, decision.retryAfterMs);
        decision = admit(state, { tokens }, nowMs);
      }
      if (!isMeasured) continue;
      sums.calls += 1;
      sums.charged += tokens;
      sums.used += job.promptTokens + Math.min(answerTokens, own ?? answerTokens);
    }
    lengths.push(Math.min(answerTokens, maxOutputTokens));
    if (!isMeasured) continue;
    sums.jobs += 1;
    if (isCut) sums.cut += 1;
  }
  return {
    strategy,
    jobsPerMinute: sums.jobs / (measuredMs / 60_000),
    admittedToUsed: sums.charged / Math.max(1, sums.used),
    cutShort: sums.cut / Math.max(1, sums.jobs),
    callsPerJob: sums.calls / Math.max(1, sums.jobs),
    cap,
  };
}
