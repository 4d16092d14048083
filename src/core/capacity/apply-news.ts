import { paceBoundsOf } from './big-job.ts';
import { calibrate } from './calibrate.ts';
import type { Booking, BookingRequest, CallReport } from './capacity.ts';
import { type Decision, type DecisionInput, ledgerOf, limitsOfTeam, openDecision } from './decision.ts';
import { type DeploymentLedger, payPace, recharge } from './deployment-ledger.ts';
import { laneRing, leaveLine } from './lane-line.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import { dropReservationOf, giveBack } from './reserve-far.ts';
import { leaveOwn } from './team-line.ts';
import type { Ticket } from './ticket.ts';
import { chargeRing, teamRing } from './token-ring.ts';

/** What happened since the last commit, to be told to everyone with the next one. */
export type News =
  | { readonly kind: 'released'; readonly booking: Booking }
  /** `keepsCharge`: it may have been entered before, so that it gives nothing back. */
  | { readonly kind: 'reported'; readonly report: CallReport; readonly keepsCharge?: boolean }
  | { readonly kind: 'left'; readonly place: LeftPlace };

/** A ticket that nobody will come back for. */
export type LeftPlace = Pick<BookingRequest, 'jobId' | 'team' | 'lane' | 'estimate'> & { readonly ticket: Ticket };

/** Enters news into a state that it may change; returns the teams whose own rings changed. */
export function applyNews(input: DecisionInput, news: readonly News[]): ReadonlySet<string> {
  const decision = openDecision(input);
  for (const item of news) {
    if (item.kind === 'released') release(decision, item.booking);
    else if (item.kind === 'left') {
      const { team, lane, ticket, jobId } = item.place;
      dropReservationOf(decision, jobId);
      const { lanes, teams } = input.state.line;
      const own = teams[team];
      if (own !== undefined && ticket.own !== undefined) leaveOwn(own, lane, ticket.own);
      if (ticket.own?.isWaiting !== true) leaveLine(lanes[lane], team, ticket);
    } else applyReport(decision, input, item.report, item.keepsCharge ?? false);
  }
  return decision.touchedTeams;
}

function release(decision: Decision, booking: Booking): void {
  giveBack(decision, { ...booking, sendAtMs: booking.enteredAtMs });
  const ledger = decision.state.deployments.get(booking.deployment);
  if (ledger === undefined || booking.why !== 'probe') return;
  // Otherwise the deployment would stay away for as long as the lease of a call that nobody makes.
  ledger.health = decision.health.returnProbe(ledger.health, booking.enteredAtMs, decision.nowMs);
}

function applyReport(decision: Decision, input: DecisionInput, report: CallReport, keepsCharge: boolean): void {
  const limits = input.limits.deployments.find(({ name }) => name === report.booking.deployment);
  if (limits === undefined) return;
  const ledger = ledgerOf(input.state, limits.name);
  const { booking } = report;
  const charged = keepsCharge ? booking.tokens : chargedTokens(limits, report);
  if (report.isUnsent === true && !keepsCharge) giveBack(decision, { ...booking, sendAtMs: booking.enteredAtMs });
  else if (charged !== report.booking.tokens) {
    const { tokens, enteredAtMs, lane } = report.booking;
    recharge(ledger, limits, { tokens, sendAtMs: enteredAtMs }, charged);
    if (charged <= 0) payWhatIsOwed(decision, limits, booking);
    const { used } = input.state.line.lanes[lane];
    chargeRing(laneRing, used, { tokens: charged - tokens, requests: 0 }, enteredAtMs);
    chargeTeam(decision, booking, charged - tokens);
  }
  calibrate(ledger, limits, report);
  cool(ledger, report, input.nowMs);
  const others = input.limits.deployments
    .filter(({ name }) => name !== limits.name)
    .map(({ name }) => input.state.deployments.get(name)?.health ?? null);
  ledger.health = input.health.learn(ledger.health, report, input.nowMs, others).state;
}

/** A refused job pays its pace in full: somebody else has used what was there, and whoever came at once in its place would be refused too. */
function payWhatIsOwed(decision: Decision, limits: DeploymentLimits, booking: Booking): void {
  const bounds = paceBoundsOf(decision, booking.lane, booking);
  const { tokens, enteredAtMs: sendAtMs } = booking;
  if (bounds.paysSavedOnly === true)
    payPace(ledgerOf(decision.state, limits.name), limits, { tokens, sendAtMs }, { ...bounds, paysSavedOnly: false });
}

/** The team's own limit counts what the service charges: a call that was refused has served it nothing. */
function chargeTeam({ limits, state, touchedTeams }: Decision, { team, enteredAtMs }: Booking, tokens: number): void {
  const ring = state.teams.get(team);
  const { tokensPerMinute, requestsPerMinute } = limitsOfTeam(limits, team);
  if (ring === undefined || (tokensPerMinute === null && requestsPerMinute === null)) return;
  chargeRing(teamRing, ring, { tokens, requests: 0 }, enteredAtMs);
  touchedTeams.add(team);
}

/** What the service has charged: nothing for a 429, the actual usage on provisioned SKUs, the whole estimate for anything else. */
function chargedTokens(limits: DeploymentLimits, report: CallReport): number {
  if (report.throttle !== null) return 0;
  const { inputTokens, cachedInputTokens, outputTokens } = report.usage;
  const actual = inputTokens - cachedInputTokens + outputTokens;
  const isCorrected = limits.isProvisioned && report.outcome === 'succeeded' && actual > 0;
  return isCorrected ? actual : report.booking.tokens;
}

/**
 * Leaves the deployment alone for as long as the call taught: a later and longer hint extends, never shortens. A quota 429 is
 * one that the ledger did not foresee; a capacity 429 says nothing about it.
 */
function cool(ledger: DeploymentLedger, report: CallReport, nowMs: number): void {
  if (report.throttle !== null && report.throttle !== 'capacity') ledger.driftCount += 1;
  if (report.coolDownMs === null) return;
  ledger.cooledUntilMs = Math.max(ledger.cooledUntilMs, nowMs + report.coolDownMs);
}
