import type { TeamConfig, WeirConfig } from '../config/config-schema.ts';
import type { IdentityClaims } from './token-verifier.ts';

export type ClaimsReading =
  | { readonly outcome: 'found'; readonly team: TeamConfig; readonly isOperator: boolean }
  | { readonly outcome: 'nobody' | 'several' };

/**
 * The team a verified identity belongs to: its application first, then its roles and groups. An operator role makes an
 * operator of it; alone, without a team of its own, it stands for the first configured operator team.
 */
export function findClaimsTeam(config: WeirConfig, claims: IdentityClaims): ClaimsReading {
  const isOperator = claims.roles.some((role) => config.identity?.operatorRoles.includes(role) === true);
  const appId = claims.appId?.toLowerCase();
  const byApplication = config.teams.find((team) => team.entraAppIds.some((id) => id.toLowerCase() === appId));
  if (byApplication !== undefined) return { outcome: 'found', team: byApplication, isOperator };
  const roleTeams = config.identity?.roleTeams ?? {};
  const named = new Set(claims.roles.filter((role) => Object.hasOwn(roleTeams, role)).map((role) => roleTeams[role]));
  if (named.size > 1) return { outcome: 'several' };
  const team =
    config.teams.find((candidate) => named.has(candidate.id)) ??
    (isOperator && named.size === 0 ? config.teams.find((candidate) => candidate.role === 'operator') : undefined);
  return team === undefined ? { outcome: 'nobody' } : { outcome: 'found', team, isOperator };
}
