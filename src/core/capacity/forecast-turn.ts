import { estimateAdmission } from './admission-estimate.ts';
import type { BookingRequest, LaneCensus, LineForecast } from './capacity.ts';
import { countWriters } from './commit-trail.ts';
import { advanceTime } from './decide-bookings.ts';
import { type Decision, type DecisionInput, limitsOfTeam, openDecision } from './decision.ts';
import { joinUnticketed } from './join-unticketed.ts';
import { workAhead } from './lane-line.ts';
import { placeInTeam, unjoinedTokens } from './own-place.ts';
import { findPlace } from './place-job.ts';
import { holdersOf, isSwitchedOff, largestFor } from './pool-limits.ts';
import { clonePoolState } from './pool-state.ts';
import { ownMsPerJob } from './team-turn.ts';
import type { OwnPlace } from './ticket.ts';
import { estimateTurn, laneTokensPerMs } from './turn-estimate.ts';

export type ForecastRequest = Pick<BookingRequest, 'team' | 'model' | 'lane' | 'estimate' | 'ticket' | 'jobId'> & {
  readonly census?: LaneCensus;
};

/**
 * Position and start of a job in line, or of one that would join now; null when no deployment can ever hold it. Without a start while
 * what it needs is turned off. Pure.
 */
export function forecastTurn(input: DecisionInput, request: ForecastRequest): LineForecast | null {
  const decision = openDecision({ ...input, state: clonePoolState(input.state) });
  advanceTime(decision);
  const cost = estimateAdmission(request.estimate);
  const largest = largestFor(input.limits.deployments, request.lane);
  if (largest > 0 && cost > largest) return null;
  const isOff = isTurnedOff(decision, request);
  const held = decision.state.line.reservations.find(({ jobId }) => jobId === request.jobId);
  if (held !== undefined && !isOff) return { position: 1, startAtMs: held.sendAtMs };
  const line = decision.state.line.lanes[request.lane];
  const { team, lane, ticket } = request;
  if (ticket === null && request.census !== undefined) joinUnticketed(decision, lane, request.census, cost);
  const own = placeInTeam(decision, request);
  const isInLine = ticket !== null && own?.isWaiting !== true;
  const start = isInLine ? ticket.start : Math.max(line.virtual, line.finishes[team] ?? 0);
  const unjoined = isInLine || own === null ? 0 : unjoinedTokens(decision, team, lane, own.start);
  const ahead = workAhead(line, start, decision.weightOf) + unjoined;
  const mean = line.meanCost > 0 ? line.meanCost : cost;
  const startAtMs = isOff
    ? null
    : Math.ceil(Math.max(estimateTurn(decision, lane, ahead), roomAt(decision, request, own)));
  return {
    processes: countWriters(input.state.line.commits),
    position: 1 + Math.round(Math.max(0, ahead) / mean),
    startAtMs,
    msPerJob: Math.max(mean / laneTokensPerMs(decision, lane), ownMsPerJob(limitsOfTeam(input.limits, team), mean)),
  };
}

/** Whether a limit of 0 or a pause keeps the job waiting: its team's, or that of every deployment which can hold it. */
function isTurnedOff(decision: Decision, { team, lane, estimate }: ForecastRequest): boolean {
  const own = limitsOfTeam(decision.limits, team);
  if (isSwitchedOff(own)) return true;
  const turnedOn = new Set([...decision.open, ...decision.closed].map(({ limits }) => limits));
  return !holdersOf(decision.limits.deployments, lane, estimateAdmission(estimate)).some((able) => turnedOn.has(able));
}

/** When rings and limits have room for the job itself, were it alone. */
function roomAt(decision: Decision, request: ForecastRequest, own: OwnPlace | null): number {
  const ask = { request: { ...request, deadlineAtMs: 0, exclude: [], urgent: false }, own, result: null };
  const isPaced = request.lane !== 'interactive';
  const place = findPlace(decision, ask, { isPaced, overdrawMs: 0, reserve: 0, untilMs: decision.nowMs + 65_000 });
  return place.isFound ? place.sendAtMs : Math.max(place.untilMs, decision.nowMs);
}
