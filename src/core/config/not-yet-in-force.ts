import type { WeirConfig } from './config-schema.ts';

interface Pending {
  readonly setting: string;
  readonly isSet: (config: WeirConfig) => boolean;
  /** What happens instead, for now. */
  readonly instead: string;
}

/** Settings that are read and checked but do nothing yet. Whoever makes one work deletes its line. */
const pending: readonly Pending[] = [
  {
    setting: 'teams[].budget.alertPercents',
    isSet: (config) => config.teams.some((team) => team.budget !== null && team.budget.alertPercents.length > 0),
    instead: 'no alert is sent; hard budgets do hold',
  },
  {
    setting: 'teams[].cache.exact',
    isSet: (config) => config.teams.some((team) => team.cache.exact),
    instead: 'every request goes upstream',
  },
  {
    setting: 'teams[].cache.semantic',
    isSet: (config) => config.teams.some((team) => team.cache.semantic !== 'off'),
    instead: 'every request goes upstream',
  },
  {
    setting: 'limits.maxSyncWaitSeconds',
    isSet: (config) => config.limits.maxSyncWaitSeconds !== 30,
    instead: 'there is no synchronous route yet',
  },
];

/** Says in plain sentences which settings of this configuration have no effect in this version; empty when all have. */
export function notYetInForce(config: WeirConfig): readonly string[] {
  return pending
    .filter((entry) => entry.isSet(config))
    .map((entry) => `${entry.setting} is not in force in this version: ${entry.instead}.`);
}
