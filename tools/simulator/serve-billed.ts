import type { IncomingMessage, ServerResponse } from 'node:http';
import { admit } from './admission.ts';
import type { UnderstoodRequest } from './answer-request.ts';
import { answerRequest, estimateRequest, understandRequest } from './answer-request.ts';
import type { RequestProblem } from './asked-answer.ts';
import { isAuthorized } from './authorize.ts';
import { deliverDenied, deliverNoDeployment, deliverProblem, deliverWrongModel } from './azure-errors.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import type { BilledRoute, Exchange, Verdict } from './exchange.ts';
import { endExchange, enterDeployment, openExchange, settleExchange } from './exchange.ts';
import type { MetFaults } from './fault-book.ts';
import { meetFaults } from './fault-book.ts';
import type { JsonObject } from './json-value.ts';
import { isJsonObject, readString } from './json-value.ts';
import { readModelTraits } from './model-traits.ts';
import { playDelivery } from './play-delivery.ts';
import { readBody } from './read-body.ts';
import { writeHeadroom, writeRefusal } from './refusal.ts';
import { failBeforeAdmission, spoilVerdict } from './scripted-verdict.ts';
import type { SimulatedDeployment, Simulation } from './simulation.ts';
import { recordAdmission, recordAsked } from './simulation.ts';

const MOST_BODY_BYTES = 64 * 1024 * 1024;

/** Answers chat completions, embeddings and responses: authenticates, plays scripted faults, admits, answers and accounts. */
export async function serveBilled(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  route: BilledRoute,
): Promise<void> {
  const exchange = openExchange(simulation, request, response, route);
  try {
    const verdict = await judge(exchange, route);
    if (verdict === 'left') return endExchange(exchange, 'aborted', null);
    settleExchange(exchange, verdict, await playDelivery(response, verdict.delivery, simulation.clock.toRealMs));
  } catch (error) {
    endExchange(exchange, 'failed', null);
    throw error;
  }
}

async function judge(exchange: Exchange, route: BilledRoute): Promise<Verdict | 'left'> {
  const { simulation, request, headers, record } = exchange;
  if (!isAuthorized(request.headers, simulation.key)) return reject(deliverDenied(headers));
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body.outcome === 'left') return 'left';
  if (body.outcome === 'too-large') return refuseBody(exchange, 413, 'The request body is too large.');
  const parsed = parseJson(body.text);
  if (parsed === null) return refuseBody(exchange, 400, 'We could not parse the JSON body of your request.');
  const name = route.deployment ?? readString(parsed, 'model');
  if (name === undefined) return refuseBody(exchange, 400, 'you must provide a model parameter', 'model');
  record.deployment = name;
  record.stream = parsed['stream'] === true;
  const deployment = simulation.resources.get(exchange.resource)?.deployments.get(name);
  if (!deployment) return reject(deliverNoDeployment(headers));
  enterDeployment(exchange, deployment);
  const target = { region: exchange.resource, deployment: name, api: route.api };
  const faults = meetFaults(simulation.faults, target, simulation.clock.now(), simulation.random);
  const shaping = faults.shaping.find((fault) => fault.kind === 'latency');
  record.fault = (faults.deciding ?? shaping)?.kind ?? null;
  const failed = failBeforeAdmission(exchange, deployment, faults);
  if (failed) return failed;
  const { model } = deployment.spec;
  if (readModelTraits(model).embeds !== (route.api === 'embeddings')) {
    return reject(deliverWrongModel(headers, route.api, model));
  }
  const understood = understandRequest(route.api, parsed, simulation, model);
  if (!understood.ok) return reject(deliverProblem(400, headers, understood.problem));
  const refused = askLimiter(exchange, deployment, understood.request, faults);
  if (refused) return refused;
  return spoilVerdict(exchange, deployment, await answer(exchange, deployment, understood.request, parsed), faults);
}

function askLimiter(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  understood: UnderstoodRequest,
  faults: MetFaults,
): Verdict | null {
  const { simulation, record, headers, figures } = exchange;
  const nowMs = simulation.clock.now();
  record.estimatedTokens = estimateRequest(understood, simulation, deployment.spec.model);
  recordAsked(figures, deployment, record.estimatedTokens, nowMs);
  const decision = admit(deployment.admission, { tokens: record.estimatedTokens }, nowMs);
  Object.assign(headers, writeHeadroom(decision.headroom, simulation.clock.toRealMs));
  if (decision.outcome === 'admitted') {
    record.chargedTokens = decision.chargedTokens;
    recordAdmission(figures, decision.chargedTokens, nowMs);
    return null;
  }
  const refusal = writeRefusal({
    kind: decision.kind,
    hint: faults.shaping.find((fault) => fault.kind === 'hint')?.hint ?? deployment.hints,
    retryAfterMs: simulation.clock.toRealMs(decision.retryAfterMs),
    model: deployment.spec.model,
    region: deployment.spec.region,
    headroomHeaders: headers,
  });
  const delivery = deliverJson(429, refusal.headers, refusal.body);
  return { outcome: 'refused', refusal: decision.kind, delivery, billed: false, usage: null, isUsageSeen: false };
}

async function answer(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  understood: UnderstoodRequest,
  body: JsonObject,
): Promise<Verdict> {
  const { simulation, headers, record } = exchange;
  const answered = await answerRequest(understood, { simulation, deployment, body, number: record.number, headers });
  const { usage } = answered;
  if (answered.ok) return { outcome: 'succeeded', delivery: answered.delivery, billed: true, usage, isUsageSeen: true };
  // An input that is too long has been read, and is charged for that.
  return { ...reject(deliverProblem(400, headers, answered.problem)), billed: true, usage };
}

function refuseBody(exchange: Exchange, status: number, message: string, param: string | null = null): Verdict {
  const problem: RequestProblem = { message, param, code: null };
  return reject(deliverProblem(status, exchange.headers, problem));
}

function reject(delivery: Delivery): Verdict {
  return { outcome: 'rejected', delivery, billed: false, usage: null, isUsageSeen: false };
}

function parseJson(text: string): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
