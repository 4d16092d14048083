import type { Lane } from '../jobs/job.ts';
import { estimateAdmission } from './admission-estimate.ts';
import type { BookingRequest } from './capacity.ts';
import { type Decision, limitsOfTeam } from './decision.ts';
import { teamWork } from './lane-line.ts';
import {
  adoptOwn,
  createTeamLine,
  issueOwn,
  isTeamLineEmpty,
  passUnclaimed,
  type TeamLine,
  workOfLane,
} from './team-line.ts';
import { unclaimed } from './team-time.ts';
import { ownCost, ownUnit } from './team-turn.ts';
import type { OwnPlace } from './ticket.ts';

/** A job's place in its team's own line, a new one where it has none; null when the team has no limit of its own. */
export function placeInTeam(decision: Decision, request: Omit<BookingRequest, OfDecision>): OwnPlace | null {
  const { team, lane, ticket, estimate } = request;
  const line = ownLineOf(decision, team);
  if (line === null) return null;
  const known = ticket?.own;
  if (known?.unit === line.unit) {
    // Who has joined its lane's line or holds a send time is no longer kept waiting by this one: his place here has been passed or served.
    if (known.isWaiting && adoptOwn(line, lane, known)) decision.hasNews = true;
    return known;
  }
  decision.hasNews = true;
  const cost = ownCost(limitsOfTeam(decision.limits, team), estimateAdmission(estimate));
  // A job that stands in its lane's line stays there when its team is given a limit.
  return { ...issueOwn(line, lane, cost), isWaiting: ticket === null || known?.isWaiting === true };
}

type OfDecision = 'deadlineAtMs' | 'exclude' | 'urgent';

/** Forgets the lines of teams that have nobody in line, or no limit any more. */
export function dropIdleLines({ state, limits }: Decision): void {
  for (const [team, line] of Object.entries(state.line.teams)) {
    if (ownUnit(limitsOfTeam(limits, team)) === null || isTeamLineEmpty(line)) delete state.line.teams[team];
  }
}

/** Time passes in teams' lines too: who does not come for his place keeps nobody behind it waiting for longer than its own time. */
export function passOwnTime(decision: Decision): void {
  const { state, limits, nowMs } = decision;
  for (const [team, line] of Object.entries(state.line.teams)) {
    const own = limitsOfTeam(limits, team);
    const { work, claimedUntilMs } = unclaimed(own, line.claimedUntilMs, nowMs);
    line.claimedUntilMs = claimedUntilMs;
    if (work > 0 && !own.isPaused && passUnclaimed(line, work)) decision.hasNews = true;
  }
}

/** Tokens of a team's jobs of a lane that its own limit keeps out of the lane's line, of those before `start` in its own (Infinity: all). */
export function unjoinedTokens(decision: Decision, team: string, lane: Lane, start: number): number {
  const own = decision.state.line.teams[team];
  if (own === undefined) return 0;
  const line = decision.state.line.lanes[lane];
  const tokens = workOfLane(own, lane, start) * (own.unit === 'tokens' ? 1 : line.meanCost);
  return Math.max(0, tokens - teamWork(line, team, Number.POSITIVE_INFINITY, decision.weightOf));
}

/** What teams' own limits keep out of the lane's line, in tokens. */
export function unjoinedOfLane(decision: Decision, lane: Lane): number {
  const teams = Object.keys(decision.state.line.teams);
  return teams.reduce((sum, team) => sum + unjoinedTokens(decision, team, lane, Number.POSITIVE_INFINITY), 0);
}

/** Gives places in a team's own line to jobs of `tokens` each; false when the team has no limit of its own. */
export function issuePlaces(
  decision: Decision,
  team: string,
  lane: Lane,
  { tokens, jobs }: { readonly tokens: number; readonly jobs: number },
): boolean {
  const line = ownLineOf(decision, team);
  if (line === null) return false;
  issueOwn(line, lane, jobs * ownCost(limitsOfTeam(decision.limits, team), tokens));
  return true;
}

function ownLineOf({ state, limits, nowMs }: Decision, team: string): TeamLine | null {
  const unit = ownUnit(limitsOfTeam(limits, team));
  if (unit === null) return null;
  const known = state.line.teams[team];
  if (known?.unit === unit) return known;
  const line = createTeamLine(unit, nowMs);
  state.line.teams[team] = line;
  return line;
}
