import { z } from 'zod';
import type { ResourceManager } from './resource-manager.ts';

/** The version whose shapes the templates use too. */
const cognitiveServices = 'api-version=2026-07-01';

const rateLimit = z.looseObject({ key: z.string(), renewalPeriod: z.number().positive(), count: z.number() });

/** A deployment as Azure has it. Limits are `count` per `renewalPeriod` seconds; capacity is thousands of tokens a minute, or units. */
export const grantedDeployment = z.looseObject({
  name: z.string(),
  sku: z.looseObject({ name: z.string(), capacity: z.number().nullish() }),
  properties: z.looseObject({
    model: z.looseObject({ name: z.string(), version: z.string().nullish() }),
    provisioningState: z.string().nullish(),
    rateLimits: z.array(rateLimit).nullish(),
  }),
});
export type GrantedDeployment = z.output<typeof grantedDeployment>;

const account = z.looseObject({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  properties: z.looseObject({ endpoint: z.string().nullish() }),
});

/** A model account with its deployments. */
export interface GrantedAccount {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Host names under which it takes requests, in lower case. */
  readonly hosts: readonly string[];
  readonly deployments: readonly GrantedDeployment[];
}

const listed = z.looseObject({ id: z.string() });

/** Reads the model accounts of a subscription that the caller may see, each with its deployments. */
export async function readGrantedAccounts(azure: ResourceManager, subscription: string): Promise<GrantedAccount[]> {
  const filter = encodeURIComponent("resourceType eq 'Microsoft.CognitiveServices/accounts'");
  // Of all lists only this one is cut to what the caller may read instead of being refused.
  const ids = await azure.list(
    `/subscriptions/${subscription}/resources?api-version=2021-04-01&$filter=${filter}`,
    listed,
  );
  return Promise.all(ids.map(({ id }) => readAccount(azure, id)));
}

async function readAccount(azure: ResourceManager, id: string): Promise<GrantedAccount> {
  const [found, deployments] = await Promise.all([
    azure.read(`${id}?${cognitiveServices}`, account),
    azure.list(`${id}/deployments?${cognitiveServices}`, grantedDeployment),
  ]);
  const host = URL.parse(found.properties.endpoint ?? '')?.hostname.toLowerCase();
  return {
    id: found.id,
    name: found.name,
    region: found.location,
    // An account answers under every domain of its cloud, whichever of them it names as its endpoint.
    hosts: host === undefined ? [] : [host, ...siblingHosts(host)],
    deployments,
  };
}

const domainsByCloud = [
  ['openai.azure.com', 'cognitiveservices.azure.com', 'services.ai.azure.com'],
  ['openai.azure.us', 'cognitiveservices.azure.us'],
];

function siblingHosts(host: string): string[] {
  const [name = '', ...domain] = host.split('.');
  const domains = domainsByCloud.find((ofOne) => ofOne.includes(domain.join('.'))) ?? [];
  return domains.map((other) => `${name}.${other}`);
}

const offeredModel = z.looseObject({ model: z.looseObject({ name: z.string() }).nullish() });

/** Names of the models that a region offers to a subscription. */
export async function readOfferedModels(
  azure: ResourceManager,
  subscription: string,
  region: string,
): Promise<ReadonlySet<string>> {
  const path = `/subscriptions/${subscription}/providers/Microsoft.CognitiveServices/locations/${region}/models`;
  const offers = await azure.list(`${path}?${cognitiveServices}`, offeredModel);
  return new Set(offers.flatMap(({ model }) => model?.name ?? []));
}
