import { z } from 'zod';

/** A deployment that the templates would make. */
export interface WantedDeployment {
  readonly account: string;
  readonly region: string;
  readonly model: string;
  readonly version: string;
  readonly sku: string;
  readonly capacity: number;
}

const offeredModel = z.looseObject({
  kind: z.string().nullish(),
  model: z.looseObject({
    name: z.string(),
    version: z.string(),
    skus: z
      .array(
        z.looseObject({
          name: z.string(),
          usageName: z.string().nullish(),
          capacity: z.looseObject({ maximum: z.number().nullish() }).nullish(),
        }),
      )
      .nullish(),
  }),
});
const quota = z.looseObject({
  name: z.looseObject({ value: z.string() }),
  currentValue: z.number(),
  limit: z.number(),
});

/** What `az cognitiveservices model list` and `usage list` answer for a region. */
export const regionAnswer = z.object({ models: z.array(offeredModel), quotas: z.array(quota) });
export type RegionAnswer = z.output<typeof regionAnswer>;

export interface ModelProblem {
  /** `refused`: Azure would refuse it. `tight`: it fits only if it is there already. */
  readonly severity: 'refused' | 'tight';
  readonly message: string;
}

/** Compares wanted deployments with what their regions offer: models, versions, SKUs and quota, summed per quota. */
export function findModelProblems(
  wanted: readonly WantedDeployment[],
  regions: ReadonlyMap<string, RegionAnswer>,
): ModelProblem[] {
  const problems: ModelProblem[] = [];
  const asked = new Map<string, { region: string; usageName: string; capacity: number }>();
  for (const deployment of wanted) {
    const answer = regions.get(deployment.region);
    if (answer === undefined) throw new Error(`Nobody asked ${deployment.region} what it offers.`);
    const found = findSku(deployment, answer);
    if (typeof found === 'string') {
      problems.push({ severity: 'refused', message: `${deployment.model} in ${deployment.region}: ${found}` });
      continue;
    }
    const usageName = found.usageName ?? `OpenAI.${deployment.sku}.${deployment.model}`;
    const key = `${deployment.region} ${usageName}`;
    const capacity = (asked.get(key)?.capacity ?? 0) + deployment.capacity;
    asked.set(key, { region: deployment.region, usageName, capacity });
  }
  for (const { region, usageName, capacity } of asked.values()) {
    const problem = compareQuota(capacity, usageName, regions.get(region)?.quotas ?? []);
    if (problem !== null) problems.push({ ...problem, message: `${region}: ${problem.message}` });
  }
  return problems;
}

function findSku(wanted: WantedDeployment, answer: RegionAnswer): { usageName?: string | null } | string {
  const offers = answer.models.filter(({ kind, model }) => kind !== 'AIServices' && model.name === wanted.model);
  if (offers.length === 0) return `the region does not offer this model.`;
  const offer = offers.find(({ model }) => model.version === wanted.version);
  if (offer === undefined) {
    const versions = [...new Set(offers.map(({ model }) => model.version))].join(', ');
    return `version ${wanted.version} is not offered, only ${versions}.`;
  }
  const skus = offer.model.skus ?? [];
  const sku = skus.find(({ name }) => name === wanted.sku);
  if (sku === undefined) {
    return `${wanted.sku} is not offered, only ${skus.map(({ name }) => name).join(', ') || 'nothing'}.`;
  }
  const most = sku.capacity?.maximum ?? Number.POSITIVE_INFINITY;
  if (wanted.capacity > most) return `capacity is ${wanted.capacity}, ${wanted.sku} goes up to ${most}.`;
  return { usageName: sku.usageName };
}

function compareQuota(capacity: number, usageName: string, quotas: RegionAnswer['quotas']): ModelProblem | null {
  const found = quotas.find(({ name }) => name.value === usageName);
  if (found === undefined) return { severity: 'refused', message: `the subscription has no quota ${usageName}.` };
  if (capacity > found.limit) {
    return {
      severity: 'refused',
      message: `${usageName}: capacity ${capacity} is wanted, the subscription's quota is ${found.limit}.`,
    };
  }
  const free = found.limit - found.currentValue;
  if (capacity <= free) return null;
  return {
    severity: 'tight',
    message: `${usageName}: capacity ${capacity} is wanted, ${free} is free; it fits only if it is deployed already.`,
  };
}
