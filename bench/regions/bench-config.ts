import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import { type RegionScenario, regionNames, requestModel } from './scenario.ts';

/** One pool of three regions and one team, as a user would write it. */
export function makeBenchConfig(limits: Pick<RegionScenario, 'tokensPerMinute' | 'requestsPerMinute'>): WeirConfig {
  const { tokensPerMinute, requestsPerMinute } = limits;
  const deployments = regionNames.map((name) => ({
    name,
    region: name,
    endpoint: `https://${name}.openai.azure.com`,
    deployment: requestModel,
    sku: 'GlobalStandard',
    tokensPerMinute,
    requestsPerMinute,
  }));
  const reading = parseConfig(
    JSON.stringify({
      pools: [{ model: requestModel, deployments }],
      teams: [{ id: 'apps', models: [requestModel], maxQueuedJobs: 100_000 }],
      limits: { maxQueuedJobs: 100_000 },
    }),
  );
  if (reading.outcome === 'invalid') throw new Error(describeProblems(reading.problems));
  return reading.config;
}
