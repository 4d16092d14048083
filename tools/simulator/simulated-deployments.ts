import { z } from 'zod';
import type { AdmissionLimits } from './admission.ts';
import { explainIssues } from './explain-issues.ts';
import type { WindowKind } from './window-log.ts';

/** One deployment to simulate, as the pools of a Weir configuration name it. */
export type DeploymentSpec = {
  /** The regional resource: the first segment of a loopback endpoint's path, else the configured region. */
  resource: string;
  region: string;
  deployment: string;
  model: string;
  limits: AdmissionLimits;
};

const deploymentSchema = z.object({
  name: z.string(),
  region: z.string(),
  endpoint: z.url(),
  deployment: z.string(),
  sku: z.string().default('GlobalStandard'),
  tokensPerMinute: z.int().nonnegative(),
  requestsPerMinute: z.int().nonnegative(),
  requestWindowSeconds: z.union([z.literal(1), z.literal(10)]).default(10),
});

const configSchema = z.object({
  pools: z.array(z.object({ model: z.string(), deployments: z.array(deploymentSchema).min(1) })).min(1),
});

/** Two models in three regions, for use without a configuration. */
export const BUILT_IN_CONFIG = {
  pools: [
    { model: 'gpt-4.1-mini', tokensPerMinute: 100_000, requestsPerMinute: 600 },
    { model: 'text-embedding-3-small', tokensPerMinute: 120_000, requestsPerMinute: 720 },
  ].map(({ model, ...limits }) => ({
    model,
    deployments: ['eastus', 'westeurope', 'eastasia'].map((region) => ({
      name: region,
      region,
      endpoint: `http://127.0.0.1:7072/${region}`,
      deployment: model,
      ...limits,
    })),
  })),
};

/** Reads the pools of a Weir configuration, or says everything that is wrong with them; other parts are not looked at. */
export function readDeploymentSpecs(
  config: unknown,
  window: WindowKind,
): { ok: true; specs: DeploymentSpec[] } | { ok: false; message: string } {
  const parsed = configSchema.safeParse(config, { reportInput: true });
  if (!parsed.success) return { ok: false, message: explainIssues(parsed.error.issues) };
  const specs = new Map<string, DeploymentSpec>();
  for (const pool of parsed.data.pools) {
    for (const {
      endpoint,
      region,
      deployment,
      tokensPerMinute,
      requestsPerMinute,
      requestWindowSeconds,
      sku,
    } of pool.deployments) {
      const resource = resourceOf(endpoint, region);
      const limits = { tokensPerMinute, requestsPerMinute, requestWindowSeconds, window, sku };
      const known = specs.get(`${resource}/${deployment}`);
      if (known && JSON.stringify(known.limits) !== JSON.stringify(limits)) {
        return {
          ok: false,
          message: `Deployment "${deployment}" of "${resource}" is configured twice with different limits.`,
        };
      }
      specs.set(`${resource}/${deployment}`, known ?? { resource, region, deployment, model: pool.model, limits });
    }
  }
  return { ok: true, specs: [...specs.values()] };
}

function resourceOf(endpoint: string, region: string): string {
  const { hostname, pathname } = new URL(endpoint);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const first = pathname.split('/').find((segment) => segment !== '');
  return isLoopback && first !== undefined && first !== 'openai' ? first : region;
}
