import type { Lane } from '../jobs/job.ts';
import type { LaneCensus } from './capacity.ts';
import { type Decision, HORIZON_MS, limitsOfTeam } from './decision.ts';
import { issueTicket, servedSince, workAhead } from './lane-line.ts';
import { issuePlaces, unjoinedOfLane } from './own-place.ts';

/**
 * Lets those into the line, for a forecast, that no worker has had in hand yet: they stand in no row, and in a rush they are hundreds.
 * The census is seconds old: of those that had no ticket then, as many have one by now as the line and what was sent since account for,
 * the oldest first. Sends are counted from a little before it on: a job may be left out, and is never counted twice.
 *
 * `cost` is what a job takes, in tokens, while the lane knows no mean.
 */
export function joinUnticketed(decision: Decision, lane: Lane, census: LaneCensus, cost: number): void {
  const line = decision.state.line.lanes[lane];
  const mean = line.meanCost > 0 ? line.meanCost : cost;
  const inLine = workAhead(line, Number.POSITIVE_INFINITY, decision.weightOf) + unjoinedOfLane(decision, lane);
  const sent = servedSince(line, census.countedAtMs - HORIZON_MS);
  const unticketed = Math.max(0, Math.floor(census.waiting - sent - inLine / mean));
  const ticketedSince = Math.max(0, census.before.length + census.behind - unticketed);
  const jobs = new Map<string, number>();
  for (const team of census.before.slice(ticketedSince)) jobs.set(team, (jobs.get(team) ?? 0) + 1);
  for (const [team, count] of jobs) {
    // Who has a limit of its own joins its lane's line when that lets it.
    if (issuePlaces(decision, team, lane, { tokens: mean, jobs: count })) continue;
    issueTicket(line, team, mean * count, limitsOfTeam(decision.limits, team).share);
  }
  // That was one ticket for many jobs.
  line.meanCost = mean;
}
