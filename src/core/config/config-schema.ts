import { z } from 'zod';
import { parseUsd } from '../budgets/money.ts';
import { endpoints, lanes } from '../jobs/job.ts';
import { checkEndpoint } from './check-endpoint.ts';
import { usualEndpoints } from './usual-endpoints.ts';

/** Team ids, model and deployment names are storage keys: this and nothing else. */
export const namePattern = /^[a-z0-9][a-z0-9.-]{0,62}$/;

const name = z.string().regex(namePattern, `only names that match ${namePattern.source} are allowed`);
const wireName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'only letters, digits, ".", "_" and "-" are allowed, at most 64');
const guid = z.guid('only a GUID such as 00000000-0000-0000-0000-000000000000 is allowed');
const lane = z.enum(lanes);
const whole = (least: number, most: number) => z.int().min(least).max(most);

const usd = z
  .string()
  .refine(
    (text) => parseUsd(text) !== null,
    'only a decimal string such as "250.00" is allowed, at most 9000000 and nine decimals',
  );

const url = z.string().superRefine((text, context) => {
  const problem = checkEndpoint(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

/** Deployment types of Azure OpenAI, as Azure spells them. */
export const skus = [
  'Standard',
  'DataZoneStandard',
  'GlobalStandard',
  'ProvisionedManaged',
  'DataZoneProvisionedManaged',
  'GlobalProvisionedManaged',
] as const;
export type Sku = (typeof skus)[number];

const deployment = z.strictObject({
  name: name.describe('Unique in its pool; a storage key'),
  region: name,
  endpoint: url.describe('https: only; http: is accepted for loopback addresses'),
  deployment: wireName.describe("The deployment's name on the wire"),
  sku: z.enum(skus),
  priority: whole(1, 100).default(1).describe('Lower is tried first'),
  tokensPerMinute: whole(0, 1_000_000_000).describe('0 = takes nothing; its work waits'),
  requestsPerMinute: whole(0, 10_000_000).describe('0 = takes nothing; its work waits'),
  requestWindowSeconds: z.literal([1, 10]).default(10),
  apiKeySetting: z
    .string()
    .regex(
      /^[A-Z][A-Z0-9_]{0,127}$/,
      'only the name of a setting (upper-case letters, digits, "_") is allowed, never a key',
    )
    .nullable()
    .default(null)
    .describe('Setting that holds the key; without it the managed identity is used'),
  spill: z.array(lane).nullable().default(null).describe('Lanes that may spill over here; null = routing.spill'),
  paused: z.boolean().default(false),
});

/** A pool's deployments are written in one transaction with their line and the teams of a batch: a hundred rows in all. */
const mostDeployments = 60;

const pool = z
  .strictObject({
    model: name,
    price: name.optional().describe('Key in the price table; the model when absent'),
    endpoints: z
      .array(z.enum(endpoints))
      .min(1, 'at least one operation is needed')
      .nullable()
      .default(null)
      .describe(
        'Operations that the model serves; null = embeddings where model or price names an embedding model, else chat and responses',
      ),
    paused: z.boolean().default(false),
    deployments: z
      .array(deployment)
      .min(1, 'at least one deployment is needed')
      .max(mostDeployments, `at most ${mostDeployments} deployments share one line; make two models of them`),
  })
  .transform((value) => {
    const price = value.price ?? value.model;
    return { ...value, price, endpoints: value.endpoints ?? usualEndpoints({ model: value.model, price }) };
  });

const budget = z
  .strictObject({
    monthlyUsd: usd,
    alertPercents: z.array(whole(1, 1000)).default([50, 80, 100]),
    hard: z.boolean().default(true),
    timeZone: z.string().default('Etc/UTC').describe('IANA time zone of the month'),
  })
  .transform((value) => ({ ...value, monthlyNanoUsd: parseUsd(value.monthlyUsd) ?? 0 }));

/** A team key as configuration holds it: only its digest. */
export const teamKeySchema = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'only the SHA-256 of the key as 64 lower-case hex characters is allowed, never the key'),
  name: z.string().max(64).optional(),
});

const team = z.strictObject({
  // What every JavaScript object has under a name is no team's.
  id: name.refine((id) => !(id in {}), 'this name is reserved: choose another one'),
  keys: z.array(teamKeySchema).default([]),
  entraAppIds: z.array(guid).default([]),
  role: z.enum(['team', 'operator']).default('team'),
  models: z.array(name).default([]),
  fallbackModel: name
    .nullable()
    .default(null)
    .describe('Answers chat and responses while no deployment of the asked model takes calls; the job says so'),
  tokensPerMinute: whole(0, 1_000_000_000)
    .nullable()
    .default(null)
    .describe('null = no limit of its own, 0 = its work waits'),
  requestsPerMinute: whole(0, 10_000_000)
    .nullable()
    .default(null)
    .describe('null = no limit of its own, 0 = its work waits'),
  maxQueuedJobs: whole(1, 1_000_000).default(500),
  share: z.number().min(0.01).max(1000).default(1),
  budget: budget.nullable().default(null),
  cache: z
    .strictObject({ exact: z.boolean().default(false), semantic: z.enum(['off', 'shadow', 'on']).default('off') })
    .prefault({}),
  paused: z.boolean().default(false),
});

const priceOverride = z.strictObject({
  model: name,
  skuClass: z.enum(['global', 'datazone', 'regional']).default('global'),
  effectiveFrom: z.iso.date('only a date such as "2026-10-03" is allowed'),
  inputUsdPerMillion: usd,
  cachedInputUsdPerMillion: usd.optional(),
  outputUsdPerMillion: usd,
});

const identity = z.strictObject({
  tenantId: guid.optional().describe('Gives issuer and jwksUri of Microsoft Entra ID'),
  issuer: url.optional(),
  jwksUri: url.optional(),
  audience: z.array(z.string().min(1)).min(1),
  operatorRoles: z.array(z.string().min(1)).default([]).describe('Token roles or groups that make an operator'),
  roleTeams: z.record(z.string(), name).default({}).describe('Token role or group → team id'),
});

/** The one schema of `weir.config.json` (design §5): unknown keys are refused, defaults are applied. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  pools: z.array(pool).min(1, 'at least one pool is needed'),
  teams: z.array(team).min(1, 'at least one team is needed'),
  identity: identity.nullable().default(null),
  prices: z
    .strictObject({
      fallback: name.default('gpt-4.1').describe('Price of models the table does not know; such rows are reported'),
      overrides: z.array(priceOverride).default([]),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxQueuedJobs: whole(1, 10_000_000).default(1000),
      maxSyncWaitSeconds: whole(0, 230).default(30),
      maxBodyBytes: whole(1024, 16_777_216).default(1_048_576),
      maxOutputTokens: whole(1, 1_000_000).default(4096),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      connectMs: whole(100, 60_000).default(5000),
      firstByteMs: whole(100, 600_000).default(60_000),
      totalMs: whole(1000, 1_200_000).default(600_000),
    })
    .prefault({}),
  retry: z
    .strictObject({
      maxAttempts: whole(1, 100).default(12),
      maxRetries: whole(0, 20).default(3),
      baseDelayMs: whole(1, 60_000).default(1000),
      maxDelayMs: whole(1, 600_000).default(60_000),
      exponentialBase: z.number().min(1).max(10).default(2),
      jitter: z.boolean().default(true),
    })
    .prefault({}),
  routing: z
    .strictObject({
      loadThreshold: z.number().min(0.05).max(1).default(0.8),
      spill: z.array(lane).default(['interactive', 'standard']),
    })
    .prefault({}),
  retention: z
    .strictObject({ contentHours: whole(24, 87_600).default(168), usageMonths: whole(1, 120).default(14) })
    .prefault({}),
});

/** Readonly all the way down: configuration is replaced as a whole, never changed. */
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A valid configuration with every default applied. */
export type WeirConfig = Frozen<z.output<typeof configSchema>>;
/** All deployments of one model; `price` is the key in the price table. */
export type PoolConfig = WeirConfig['pools'][number];
/** One deployment in one region. */
export type DeploymentConfig = PoolConfig['deployments'][number];
/** One tenant; null limits mean "none of its own". */
export type TeamConfig = WeirConfig['teams'][number];
/** How Entra ID tokens are verified and mapped to teams. */
export type IdentityConfig = NonNullable<WeirConfig['identity']>;
