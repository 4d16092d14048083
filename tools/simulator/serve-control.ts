import { z } from 'zod';
import { changeLimits, consumeQuota } from './admission.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import { explainIssues } from './explain-issues.ts';
import { parseFaultScripts } from './fault.ts';
import { addFaults, listFaults } from './fault-book.ts';
import { HINT_FORMS } from './refusal.ts';
import type { SimulatedDeployment, Simulation } from './simulation.ts';
import { listRecords, readReport, resetReport } from './simulation.ts';

const limitsSchema = z.strictObject({
  region: z.string().optional(),
  deployment: z.string().optional(),
  tokensPerMinute: z.int().nonnegative().optional(),
  requestsPerMinute: z.int().nonnegative().optional(),
  requestWindowSeconds: z.union([z.literal(1), z.literal(10)]).optional(),
  window: z.enum(['sliding', 'fixed']).optional(),
  sku: z.string().min(1).optional(),
  hints: z.enum(HINT_FORMS).optional(),
});

const loadSchema = z.strictObject({
  region: z.string(),
  deployment: z.string(),
  tokens: z.int().nonnegative().default(0),
  requests: z.int().nonnegative().default(0),
});

const MOST_RECORDS_ASKED = 20_000;

/** Answers `/_sim/…`: faults, report, requests, limits, load, health. `body` is the request's text. */
export function serveControl(
  simulation: Simulation,
  method: string,
  path: string,
  query: URLSearchParams,
  body: string,
): Delivery {
  switch (`${method} ${path}`) {
    case 'GET /_sim/health':
      return deliverJson(200, {}, { status: 'ok', resources: [...simulation.resources.keys()] });
    case 'GET /_sim/report':
      return deliverJson(200, {}, readReport(simulation));
    case 'DELETE /_sim/report':
      resetReport(simulation);
      return deliverJson(200, {}, { reset: true });
    case 'GET /_sim/requests':
      return listRequests(simulation, query);
    case 'GET /_sim/faults':
      return deliverJson(200, {}, { object: 'list', data: listFaults(simulation.faults, simulation.clock.now()) });
    case 'DELETE /_sim/faults':
      simulation.faults.faults = [];
      return deliverJson(200, {}, { object: 'list', data: [] });
    case 'POST /_sim/faults':
      return addScripts(simulation, body);
    case 'POST /_sim/limits':
      return changeDeployments(simulation, body);
    case 'POST /_sim/load':
      return takeQuota(simulation, body);
    default:
      return refuse(404, `There is no ${method} ${path}. See tools/simulator/README.md.`);
  }
}

function listRequests(simulation: Simulation, query: URLSearchParams): Delivery {
  const limit = Number(query.get('limit') ?? 100);
  if (!Number.isInteger(limit) || limit < 0 || limit > MOST_RECORDS_ASKED) {
    return refuse(400, `limit: a whole number from 0 to ${MOST_RECORDS_ASKED} is expected.`);
  }
  return deliverJson(200, {}, { object: 'list', data: listRecords(simulation, limit) });
}

function addScripts(simulation: Simulation, body: string): Delivery {
  const json = parse(body);
  if (!json.ok) return refuse(400, json.message);
  const parsed = parseFaultScripts(json.value);
  if (!parsed.ok) return refuse(400, parsed.message);
  for (const { region, deployment } of parsed.scripts) {
    const problem = findUnknown(simulation, region, deployment);
    if (problem) return refuse(400, problem);
  }
  const added = addFaults(simulation.faults, parsed.scripts, simulation.clock.now());
  return deliverJson(201, {}, { object: 'list', data: added });
}

function changeDeployments(simulation: Simulation, body: string): Delivery {
  const read = readControl(limitsSchema, body);
  if (!read.ok) return refuse(400, read.message);
  const { region, deployment, hints, ...limits } = read.value;
  const problem = findUnknown(simulation, region, deployment);
  if (problem) return refuse(400, problem);
  const changed = selectDeployments(simulation, region, deployment).map((one) => {
    const given = Object.entries(limits).filter(([, value]) => value !== undefined);
    changeLimits(one.admission, { ...one.admission.limits, ...Object.fromEntries(given) });
    one.hints = hints ?? one.hints;
    return {
      region: one.spec.resource,
      deployment: one.spec.deployment,
      limits: one.admission.limits,
      hints: one.hints,
    };
  });
  return deliverJson(200, {}, { object: 'list', data: changed });
}

function takeQuota(simulation: Simulation, body: string): Delivery {
  const read = readControl(loadSchema, body);
  if (!read.ok) return refuse(400, read.message);
  const { region, deployment, tokens, requests } = read.value;
  const problem = findUnknown(simulation, region, deployment);
  if (problem) return refuse(400, problem);
  const [one] = selectDeployments(simulation, region, deployment);
  if (!one) return refuse(400, `Deployment "${deployment}" is not in region "${region}".`);
  const taken = consumeQuota(one.admission, { tokens, requests }, simulation.clock.now());
  one.otherLoad.tokens += taken.tokens;
  one.otherLoad.requests += taken.requests;
  return deliverJson(200, {}, { taken });
}

function selectDeployments(simulation: Simulation, region?: string, deployment?: string): SimulatedDeployment[] {
  return [...simulation.resources]
    .filter(([name]) => region === undefined || name === region)
    .flatMap(([, resource]) => [...resource.deployments.values()])
    .filter((one) => deployment === undefined || one.spec.deployment === deployment);
}

function findUnknown(simulation: Simulation, region?: string, deployment?: string): string | null {
  const regions = [...simulation.resources.keys()];
  if (region !== undefined && !regions.includes(region))
    return `region: "${region}" is unknown. Known: ${regions.join(', ')}.`;
  if (selectDeployments(simulation, region, deployment).length > 0) return null;
  const known = new Set(selectDeployments(simulation, region).map((one) => one.spec.deployment));
  return `deployment: "${deployment}" is unknown. Known: ${[...known].join(', ')}.`;
}

function readControl<T>(schema: z.ZodType<T>, body: string): { ok: true; value: T } | { ok: false; message: string } {
  const json = parse(body);
  if (!json.ok) return json;
  const parsed = schema.safeParse(json.value, { reportInput: true });
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, message: explainIssues(parsed.error.issues) };
}

function parse(body: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(body) };
  } catch {
    return { ok: false, message: 'The body is not JSON.' };
  }
}

function refuse(status: number, message: string): Delivery {
  return deliverJson(status, {}, { error: { message, type: 'invalid_request_error', param: null, code: null } });
}
