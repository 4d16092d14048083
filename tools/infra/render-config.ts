import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import type { DeployedModel } from './deployed-model.ts';

export type RenderedConfig =
  | { readonly outcome: 'rendered'; readonly text: string }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] };

interface Limits {
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly requestWindowSeconds: 1 | 10;
}

/**
 * Renders the text of `weir.config.json`: pools from what was deployed, with the limits that the service granted, and
 * everything else from `settings` (a teams file). Refuses settings that hold pools or keys, and limits above the granted.
 */
export function renderConfig(
  deployed: readonly DeployedModel[],
  settings: Readonly<Record<string, unknown>>,
): RenderedConfig {
  const problems = checkSettings(settings);
  const pools = new Map<string, Record<string, unknown>[]>();
  for (const model of deployed) {
    const limits = readLimits(model);
    if (typeof limits === 'string') {
      problems.push(limits);
      continue;
    }
    pools.set(model.model, [...(pools.get(model.model) ?? []), describeDeployment(model, limits)]);
  }
  if (problems.length > 0) return { outcome: 'refused', problems };

  const document = { pools: [...pools].map(([model, deployments]) => ({ model, deployments })), ...settings };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  // The gateway's own reader, so that nothing is published that the gateway would refuse.
  const reading = parseConfig(text);
  if (reading.outcome === 'invalid') return { outcome: 'refused', problems: [describeProblems(reading.problems)] };
  return { outcome: 'rendered', text };
}

function describeDeployment(model: DeployedModel, limits: Limits): Record<string, unknown> {
  return {
    name: model.name,
    region: model.region,
    endpoint: model.endpoint.replace(/\/+$/, ''),
    deployment: model.deployment,
    sku: model.sku,
    priority: model.priority,
    ...limits,
  };
}

function checkSettings(settings: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  if ('pools' in settings) {
    problems.push('pools: limits are written once, as capacity in the parameter file; remove them from the settings.');
  }
  const teams = Array.isArray(settings['teams']) ? settings['teams'] : [];
  teams.forEach((team: unknown, index) => {
    if (typeof team === 'object' && team !== null && 'keys' in team) {
      problems.push(
        `teams[${index}].keys: keys live in their own document, made by 'npm run weir -- keys'; remove them here.`,
      );
    }
  });
  return problems;
}

function readLimits(model: DeployedModel): Limits | string {
  const subject = `${model.model} by ${model.name}`;
  const granted = { tokens: findRule(model, 'token'), requests: findRule(model, 'request') };
  const isPaidByToken = !model.sku.endsWith('ProvisionedManaged');
  const tokens = model.tokensPerMinute ?? granted.tokens?.perMinute ?? (isPaidByToken ? model.capacity * 1000 : null);
  if (tokens === null) return `${subject}: the service reports no token limit; set tokensPerMinute.`;
  const requests = model.requestsPerMinute ?? granted.requests?.perMinute ?? null;
  if (requests === null) return `${subject}: the service reports no request limit; set requestsPerMinute.`;
  for (const [what, asked, rule] of [
    ['tokensPerMinute', tokens, granted.tokens],
    ['requestsPerMinute', requests, granted.requests],
  ] as const) {
    if (rule !== null && asked > rule.perMinute) {
      return `${subject}: ${what} is ${asked}, but the service grants ${rule.perMinute}; raise the capacity first.`;
    }
  }
  return {
    tokensPerMinute: tokens,
    requestsPerMinute: requests,
    // A slice shorter than the service's is only stricter; the default of the service is 10 seconds.
    requestWindowSeconds: granted.requests !== null && granted.requests.seconds < 10 ? 1 : 10,
  };
}

function findRule(model: DeployedModel, key: 'token' | 'request'): { perMinute: number; seconds: number } | null {
  const rule = model.rateLimits.find((limit) => limit.key === key);
  if (rule === undefined) return null;
  return { perMinute: Math.floor((rule.count * 60) / rule.renewalPeriod), seconds: rule.renewalPeriod };
}
