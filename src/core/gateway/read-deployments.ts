import type { DeploymentView } from '../capacity/capacity.ts';
import { findTeam } from '../config/find-deployment.ts';
import { type ListResource, toListResource } from '../http/list-resource.ts';
import type { Principal } from '../identity/principal.ts';
import type { Ports } from './ports.ts';

/** Models whose figures a principal may see: all for an operator, those it may use for a team. */
export function visibleModels(ports: Ports, principal: Principal): readonly string[] {
  const config = ports.config.current();
  const models = config.pools.map((pool) => pool.model);
  if (principal.role === 'operator') return models;
  const allowed = findTeam(config, principal.team)?.models ?? [];
  return models.filter((model) => allowed.includes(model));
}

/** `GET /deployments`. */
export async function readDeployments(ports: Ports, principal: Principal): Promise<ListResource> {
  const rows = await Promise.all(
    visibleModels(ports, principal).map(async (model) => {
      const views = await ports.capacity.view(model);
      return views.map((view) => toDeploymentResource(model, view));
    }),
  );
  return toListResource(rows.flat(), false, null);
}

function toDeploymentResource(model: string, view: DeploymentView): Readonly<Record<string, unknown>> {
  const seconds = (atMs: number | null) => (atMs === null ? null : Math.floor(atMs / 1000));
  return {
    object: 'deployment',
    name: view.deployment,
    model,
    region: view.region,
    health: view.health,
    breaker: { state: view.breaker, reason: view.breakerReason, since: seconds(view.breakerSinceMs) },
    next_probe_at: seconds(view.nextProbeAtMs),
    load: Math.round(view.load * 1000) / 1000,
    drift: { calibration: Math.round(view.calibration * 1000) / 1000, throttled: view.driftCount },
    failovers: { from: view.failoversFrom, to: view.failoversTo },
    latency: { first_byte_ms: round(view.firstByteMs), ms_per_output_token: round(view.msPerOutputToken) },
    tokens_last_minute: view.tokensLastMinute,
    requests_last_minute: view.requestsLastMinute,
    tpm_limit: view.tokensPerMinute,
    rpm_limit: view.requestsPerMinute,
    tpm_remaining: view.tokensRemaining,
    rpm_remaining: view.requestsRemaining,
  };
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
