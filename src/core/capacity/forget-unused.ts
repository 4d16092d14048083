import type { Decision } from './decision.ts';
import type { DeploymentLedger } from './deployment-ledger.ts';
import { forgetRequestsBefore } from './request-log.ts';
import { deploymentRing, forgetBefore, isRingEmpty, teamRing } from './token-ring.ts';

/** No slice of requests is longer, however small the limit was. */
const longestSlice = { limit: 0, windowMs: 65_000 };

/**
 * Takes out of the state what nothing depends on any more: rings of teams that hold nothing (an empty one begins anew whenever it is
 * needed), and deployments that have left the configuration once nothing of theirs counts. So a pool is as large as its use, not as its past.
 */
export function forgetUnused({
  state,
  limits,
  nowMs,
  touchedTeams,
}: Pick<Decision, 'state' | 'limits' | 'nowMs' | 'touchedTeams'>): void {
  for (const [team, ring] of state.teams) {
    forgetBefore(teamRing, ring, nowMs);
    // One that has just been given back is written, and goes with a later commit.
    if (isRingEmpty(ring) && !touchedTeams.has(team)) state.teams.delete(team);
  }
  const configured = new Set(limits.deployments.map(({ name }) => name));
  for (const [name, ledger] of state.deployments) {
    if (!configured.has(name) && isUnused(ledger, nowMs)) state.deployments.delete(name);
  }
}

function isUnused(ledger: DeploymentLedger, nowMs: number): boolean {
  forgetBefore(deploymentRing, ledger.ring, nowMs);
  forgetRequestsBefore(ledger.requests, longestSlice, nowMs);
  return isRingEmpty(ledger.ring) && ledger.requests.length === 0 && ledger.cooledUntilMs <= nowMs;
}
