import type { Lane } from '../jobs/job.ts';
import { estimateAdmission } from './admission-estimate.ts';
import { refillMs } from './big-job.ts';
import { type Decision, HORIZON_MS, limitsOfTeam } from './decision.ts';
import { isOnlyOne, issueTicket, workAhead } from './lane-line.ts';
import { unjoinedTokens } from './own-place.ts';
import { teamFreeAt, teamReason } from './place-job.ts';
import { workBefore } from './team-line.ts';
import type { OwnPlace } from './ticket.ts';
import { estimateTurn } from './turn-estimate.ts';
import { closedBy, type Place, setWait } from './wait-for-turn.ts';

/** A team's own job asks so much earlier than it can be booked: the next commit may be as far away. */
const OWN_LEAD_MS = 1200;
/** It is not told to sleep for longer than this beyond its own turn. */
const MOST_BEYOND_MS = 60_000;

/** A head of line that its limit keeps waiting is there: until its time nobody's place passes for want of a holder. */
function waitAtHead(decision: Decision, lane: Lane, { start }: OwnPlace, team: string, freeAtMs: number): void {
  const line = decision.state.line.teams[team];
  if (line === undefined || line.claimedUntilMs + 1000 >= freeAtMs || workBefore(line, lane, start) > 0) return;
  line.claimedUntilMs = Math.ceil(freeAtMs);
  decision.hasNews = true;
}

/** Lets a job into its lane's line as soon as its team's own limit lets it go; null while it waits for that. */
export function joinLine(decision: Decision, lane: Lane, place: Place): Place | null {
  const { ask, ticket } = place;
  const { own } = ticket;
  if (own?.isWaiting !== true) return place;
  const { team, estimate } = ask.request;
  const freeAtMs = teamFreeAt(decision, ask);
  const line = decision.state.line.lanes[lane];
  if (typeof freeAtMs !== 'number') {
    setWait(place, Math.max(decision.nowMs + 200, freeAtMs.untilMs), closedBy(decision, freeAtMs.reason));
    return null;
  }
  if (freeAtMs > decision.nowMs + HORIZON_MS + refillMs(decision, ask)) {
    const ahead = workAhead(line, ticket.start, decision.weightOf) + unjoinedTokens(decision, team, lane, own.start);
    const inLineMs = estimateTurn(decision, lane, ahead) - 1000;
    // What a lane is given now may be little: a minute after its own limit lets it go, a job joins the lane's line whatever that is.
    const lanesMs = Math.min(inLineMs, freeAtMs + MOST_BEYOND_MS);
    const untilMs = Math.max(freeAtMs - HORIZON_MS - OWN_LEAD_MS, lanesMs) - refillMs(decision, ask);
    setWait(place, Math.max(decision.nowMs + 400, untilMs), closedBy(decision, teamReason(decision, ask)));
    waitAtHead(decision, lane, own, team, freeAtMs);
    return null;
  }
  const { share } = limitsOfTeam(decision.limits, team);
  const joined = { ...own, isWaiting: false };
  ask.own = joined;
  decision.hasNews = true;
  const isSparse = isOnlyOne(line, team, null);
  const inLane = issueTicket(line, team, estimateAdmission(estimate), share);
  return { ask, ticket: { ...inLane, own: joined }, isNew: true, isSparse };
}
