import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import type { Weather } from './weather.ts';

export const simulatedModel = 'gpt-4.1-mini';
const regions = ['eastus', 'westeurope', 'japaneast'];
const teamNames = ['search', 'support', 'legal'];
/** What one job of this simulation may cost at most, about; budgets are multiples of it. */
const usdPerJob = 0.0006;

/** A configuration as the weather asks for it, read by the same schema as every other. */
export function makeConfig(weather: Weather): WeirConfig {
  const { deployments, tokensPerMinute, requestsPerMinute, requestWindowSeconds, budgetShare } = weather;
  const monthlyUsd = ((budgetShare ?? 0) * usdPerJob * weather.jobs).toFixed(6);
  const document = {
    pools: [
      {
        model: simulatedModel,
        deployments: regions.slice(0, deployments).map((region, index) => ({
          name: region,
          region,
          endpoint: `https://${region}.example.com`,
          deployment: 'chat',
          sku: 'GlobalStandard',
          priority: 1 + (index % 2),
          tokensPerMinute,
          requestsPerMinute,
          requestWindowSeconds,
        })),
      },
    ],
    teams: teamNames.slice(0, weather.teams).map((id, index) => ({
      id,
      models: [simulatedModel],
      share: 1 + index,
      budget: budgetShare === null ? null : { monthlyUsd },
    })),
    // What Weir caps an answer at where neither caller nor experience does; fits the smallest limit of the weathers.
    limits: { maxOutputTokens: 600 },
    timeouts: { connectMs: 1000, firstByteMs: 15_000, totalMs: 30_000 },
  };
  const reading = parseConfig(JSON.stringify(document));
  if (reading.outcome === 'invalid') throw new Error(`Simulated configuration: ${JSON.stringify(reading.problems)}`);
  return reading.config;
}

/** The same configuration with its last team, or its last deployment if there are others, taken out. */
export function shrinkConfig(config: WeirConfig, what: 'team' | 'deployment'): WeirConfig {
  if (what === 'team') return config.teams.length < 2 ? config : { ...config, teams: config.teams.slice(0, -1) };
  return {
    ...config,
    pools: config.pools.map((pool) =>
      pool.deployments.length < 2 ? pool : { ...pool, deployments: pool.deployments.slice(0, -1) },
    ),
  };
}
