import { z } from 'zod';

/** A limit as the service reports it on a deployment: `count` per `renewalPeriod` seconds. */
const rateLimit = z.looseObject({
  key: z.string(),
  renewalPeriod: z.number().positive(),
  count: z.number().positive(),
});

/** One deployment as the templates output it. Optional limits are written by hand, `rateLimits` is what was granted. */
const deployedModel = z.looseObject({
  model: z.string(),
  name: z.string(),
  region: z.string(),
  endpoint: z.string(),
  deployment: z.string(),
  sku: z.string(),
  capacity: z.number().int().positive(),
  priority: z.number().int(),
  tokensPerMinute: z.number().nullish(),
  requestsPerMinute: z.number().nullish(),
  rateLimits: z.array(rateLimit),
});
export type DeployedModel = z.output<typeof deployedModel>;

/** What a configuration is made from and where it goes. */
export interface DeploymentOutputs {
  /** URL of the configuration blob. */
  readonly configUrl: string;
  readonly deployments: readonly DeployedModel[];
}

const outputNames = ['WEIR_CONFIG_URL', 'WEIR_CREATED_DEPLOYMENTS', 'WEIR_EXISTING_DEPLOYMENTS'] as const;
const outputs = z.looseObject({
  WEIR_CONFIG_URL: z.url({ protocol: /^https$/ }),
  WEIR_CREATED_DEPLOYMENTS: z.array(z.array(deployedModel)),
  WEIR_EXISTING_DEPLOYMENTS: z.array(z.array(deployedModel)),
});

/**
 * Reads the templates' outputs from what `az deployment sub show` prints (`{ NAME: { value } }`) or from the variables
 * that azd sets (`NAME` → text, arrays as JSON). Throws with what is missing.
 */
export function readOutputs(source: Readonly<Record<string, unknown>>): DeploymentOutputs {
  const plain = Object.fromEntries(outputNames.map((name) => [name, unwrap(name, source)]));
  const parsed = outputs.safeParse(plain);
  if (!parsed.success) {
    throw new Error(`These are not the outputs of infra/main.bicep:\n${z.prettifyError(parsed.error)}`);
  }
  const { WEIR_CONFIG_URL, WEIR_CREATED_DEPLOYMENTS, WEIR_EXISTING_DEPLOYMENTS } = parsed.data;
  return {
    configUrl: WEIR_CONFIG_URL,
    deployments: [...WEIR_CREATED_DEPLOYMENTS.flat(), ...WEIR_EXISTING_DEPLOYMENTS.flat()],
  };
}

function unwrap(name: string, source: Readonly<Record<string, unknown>>): unknown {
  // az answers some names in another case than they were written in.
  const found = Object.keys(source).find((key) => key.toLowerCase() === name.toLowerCase());
  const value = found === undefined ? undefined : source[found];
  if (typeof value === 'object' && value !== null && 'value' in value) return value.value;
  if (typeof value === 'string' && value.startsWith('[')) return JSON.parse(value);
  return value;
}
