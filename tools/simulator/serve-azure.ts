import type { IncomingMessage, ServerResponse } from 'node:http';
import { admit, correctCharge } from './admission.ts';
import type { BilledApi, UnderstoodRequest } from './answer-request.ts';
import { answerRequest, estimateRequest, understandRequest } from './answer-request.ts';
import { delayDelivery, spoilDelivery } from './apply-fault.ts';
import type { RequestProblem } from './asked-answer.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import type { FaultScript } from './fault.ts';
import type { MetFaults } from './fault-book.ts';
import { meetFaults } from './fault-book.ts';
import type { Figures } from './figures.ts';
import type { JsonObject } from './json-value.ts';
import { isJsonObject, readString } from './json-value.ts';
import { playDelivery } from './play-delivery.ts';
import { readBody } from './read-body.ts';
import type { RefusalKind } from './refusal.ts';
import { writeHeadroom, writeRefusal } from './refusal.ts';
import type { RequestOutcome, RequestRecord } from './report.ts';
import type { SimulatedDeployment, Simulation } from './simulation.ts';
import { figuresOf, recordAdmission, recordArrival, recordAsked, recordEnd } from './simulation.ts';
import type { SimulatedUsage } from './usage.ts';

/** One request on its way through the simulator: what is known of it so far, and what the log will say. */
type Exchange = {
  simulation: Simulation;
  request: IncomingMessage;
  response: ServerResponse;
  resource: string;
  record: RequestRecord;
  figures: Figures[];
  headers: { [name: string]: string };
};

type Verdict = {
  delivery: Delivery;
  outcome: RequestOutcome;
  billed?: boolean;
  usage?: SimulatedUsage;
  refusal?: RefusalKind | 'scripted';
  fault?: string;
};

const MOST_BODY_BYTES = 64 * 1024 * 1024;
const DENIED =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.';
const NO_DEPLOYMENT =
  'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.';

/** Answers chat completions, embeddings and responses: authenticates, plays scripted faults, admits, answers and accounts. */
export async function serveBilled(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  route: { resource: string; api: BilledApi; deployment: string | null },
): Promise<void> {
  const exchange = openExchange(simulation, request, response, route);
  let verdict: Verdict | null = null;
  try {
    verdict = await judge(exchange, route);
    if (verdict === null) {
      endExchange(exchange, 'rejected', null);
      return;
    }
    exchange.record.outcome = verdict.outcome;
    const played = await playDelivery(response, verdict.delivery, simulation.clock.toRealMs);
    settle(exchange, verdict, played);
  } catch (error) {
    endExchange(exchange, 'failed', null);
    throw error;
  }
}

/** Whether the request carries a credential that the simulator accepts: any by default, else the one configured. */
export function isAuthorized(simulation: Simulation, request: IncomingMessage): boolean {
  const header = request.headers['api-key'];
  const bearer = /^Bearer\s+(\S+)$/iu.exec(request.headers.authorization ?? '')?.[1];
  const given = [typeof header === 'string' ? header.trim() : '', bearer ?? ''].filter((key) => key !== '');
  return given.length > 0 && (simulation.key === null || given.every((key) => key === simulation.key));
}

/** Azure's 401. */
export function deliverDenied(headers: { [name: string]: string }): Delivery {
  return deliverJson(401, headers, { error: { code: '401', message: DENIED } });
}

/** The headers that every answer of a regional resource carries. */
export function answerHeaders(
  simulation: Simulation,
  request: IncomingMessage,
  resource: string,
  number: number,
): { [name: string]: string } {
  const id = `${simulation.seed.toString(16).padStart(8, '0').slice(-8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
  const clientRequestId = request.headers['x-ms-client-request-id'];
  return {
    'x-ms-region': simulation.resources.get(resource)?.region ?? resource,
    'apim-request-id': id,
    'x-request-id': id,
    ...(typeof clientRequestId === 'string' ? { 'x-ms-client-request-id': clientRequestId } : {}),
  };
}

async function judge(
  exchange: Exchange,
  route: { api: BilledApi; deployment: string | null },
): Promise<Verdict | null> {
  const { simulation, request, headers, record } = exchange;
  if (!isAuthorized(simulation, request)) return { outcome: 'rejected', delivery: deliverDenied(headers) };
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body.outcome === 'left') return null;
  if (body.outcome === 'too-large')
    return reject(exchange, 413, { message: 'Request body too large.', param: null, code: null });
  const parsed = parseJson(body.text);
  if (parsed === null) {
    const message = 'We could not parse the JSON body of your request. A JSON object is expected.';
    return reject(exchange, 400, { message, param: null, code: null });
  }
  const name = route.deployment ?? readString(parsed, 'model');
  if (name === undefined) {
    const message = 'you must provide a model parameter';
    return reject(exchange, 400, { message, param: 'model', code: null });
  }
  const deployment = simulation.resources.get(exchange.resource)?.deployments.get(name);
  record.deployment = name;
  record.stream = parsed['stream'] === true;
  if (!deployment) {
    const delivery = deliverJson(404, headers, { error: { code: 'DeploymentNotFound', message: NO_DEPLOYMENT } });
    return { outcome: 'rejected', delivery };
  }
  exchange.figures.push(deployment.figures);
  recordArrival([deployment.figures]);
  headers['x-ms-deployment-name'] = name;
  const faults = meetFaults(
    simulation.faults,
    { region: exchange.resource, deployment: name, api: route.api },
    simulation.clock.now(),
    simulation.random,
  );
  record.fault = faults.deciding?.kind ?? faults.shaping[0]?.kind ?? null;
  const early = refuseBeforeAdmission(exchange, deployment, faults);
  if (early) return early;
  const understood = understandRequest(route.api, parsed, simulation, deployment.spec.model);
  if (!understood.ok) return reject(exchange, 400, understood.problem);
  const refused = admitExchange(exchange, deployment, understood.request, faults);
  if (refused) return refused;
  return answer(exchange, deployment, understood.request, parsed, faults);
}

function admitExchange(
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
  const headroom = writeHeadroom(decision.headroom, simulation.clock.toRealMs);
  if (decision.outcome === 'admitted') {
    record.chargedTokens = decision.chargedTokens;
    recordAdmission(figures, decision.chargedTokens, nowMs);
    Object.assign(headers, headroom);
    return null;
  }
  const hint = faults.shaping.find((fault) => fault.kind === 'hint')?.hint ?? deployment.hints;
  const refusal = writeRefusal({
    kind: decision.kind,
    hint,
    retryAfterMs: simulation.clock.toRealMs(decision.retryAfterMs),
    model: deployment.spec.model,
    region: deployment.spec.region,
    headroomHeaders: { ...headers, ...headroom },
  });
  const delivery = deliverJson(429, refusal.headers, refusal.body);
  return { outcome: 'refused', refusal: decision.kind, delivery };
}

function refuseBeforeAdmission(exchange: Exchange, deployment: SimulatedDeployment, faults: MetFaults): Verdict | null {
  const fault = faults.deciding;
  if (!fault || !(fault.kind === 'capacity' || (fault.kind === 'status' && !isProcessed(fault)))) return null;
  return delayVerdict(scriptedStatus(exchange, deployment, fault), faults);
}

// A 400 of the filter and a 408 come after the model has worked, so they are charged and billed.
function isProcessed(fault: FaultScript): boolean {
  return fault.charged ?? fault.status === 408;
}

function scriptedStatus(exchange: Exchange, deployment: SimulatedDeployment, fault: FaultScript): Verdict {
  const { simulation, headers } = exchange;
  const status = fault.kind === 'capacity' ? 429 : (fault.status ?? 500);
  const retryAfter: { [name: string]: string } =
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  const outcome = outcomeOf(status);
  if (status === 429) {
    const kind = fault.kind === 'capacity' ? 'capacity' : (fault.refusal ?? 'capacity');
    const hintFault = fault.hint ?? (fault.retryAfter === undefined ? deployment.hints : 'message');
    const refusal = writeRefusal({
      kind,
      hint: hintFault,
      retryAfterMs:
        typeof fault.retryAfter === 'number' && fault.retryAfter > 0
          ? fault.retryAfter * 1000
          : simulation.clock.toRealMs(20_000),
      model: deployment.spec.model,
      region: deployment.spec.region,
      headroomHeaders: headers,
    });
    const own = { ...refusal.headers, ...retryAfter, ...fault.headers };
    const delivery = withBody(deliverJson(429, own, refusal.body), fault);
    return { outcome, refusal: kind === 'capacity' ? 'capacity' : 'scripted', delivery, billed: fault.billed ?? false };
  }
  const message = STATUS_MESSAGES[status] ?? 'The server had an error while processing your request.';
  const body = { error: { code: String(status), message } };
  const delivery = withBody(deliverJson(status, { ...headers, ...retryAfter, ...fault.headers }, body), fault);
  return { outcome, delivery, billed: fault.billed ?? isProcessed(fault) };
}

const STATUS_MESSAGES: { [status: number]: string } = {
  401: DENIED,
  403: 'Public access is disabled. Please configure private endpoint.',
  404: NO_DEPLOYMENT,
  408: 'The operation was timeout.',
  500: 'The server had an error while processing your request. Sorry about that!',
  502: 'Bad gateway.',
  503: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
  504: 'Gateway timeout.',
};

function withBody(delivery: Delivery, fault: FaultScript): Delivery {
  if (fault.body === undefined) return delivery;
  const data = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
  return { ...delivery, frames: [{ dueMs: 0, data }] };
}

function outcomeOf(status: number): RequestOutcome {
  if (status === 429) return 'refused';
  if (status === 408) return 'timed-out';
  return status >= 500 ? 'failed' : 'rejected';
}

async function answer(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  understood: UnderstoodRequest,
  body: JsonObject,
  faults: MetFaults,
): Promise<Verdict> {
  const { simulation, headers, record } = exchange;
  const answered = await answerRequest(understood, { simulation, deployment, body, number: record.number, headers });
  correctCharge(
    deployment.admission,
    { chargedTokens: record.chargedTokens, actualTokens: actualTokens(answered.usage) },
    simulation.clock.now(),
  );
  if (!answered.ok) return { ...reject(exchange, 400, answered.problem), billed: true, usage: answered.usage };
  const fault = faults.deciding;
  if (fault?.kind === 'content-filter') return delayVerdict(filterPrompt(exchange, fault, answered.usage), faults);
  if (fault?.kind === 'status') {
    const dueMs = answered.delivery.frames.at(-1)?.dueMs ?? 0;
    const verdict = scriptedStatus(exchange, deployment, fault);
    const frames = verdict.delivery.frames.map(({ data }) => ({ data, dueMs }));
    return delayVerdict({ ...verdict, usage: answered.usage, delivery: { ...verdict.delivery, frames } }, faults);
  }
  const verdict = delayVerdict(
    { outcome: 'succeeded', usage: answered.usage, delivery: answered.delivery, billed: true },
    faults,
  );
  if (!fault) return verdict;
  const outcome = SPOILS_QUIETLY.has(fault.kind) ? 'succeeded' : 'broken';
  return { ...verdict, outcome, billed: fault.billed ?? true, delivery: spoilDelivery(verdict.delivery, fault) };
}

// The caller gets an answer whole and can read its usage: slow or large, but an answer.
const SPOILS_QUIETLY = new Set(['drip', 'big-body']);

function actualTokens(usage: SimulatedUsage): number {
  return usage.promptTokens - usage.cachedTokens + usage.completionTokens;
}

function filterPrompt(exchange: Exchange, fault: FaultScript, usage: SimulatedUsage): Verdict {
  const body = fault.body ?? {
    error: {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: { violence: { filtered: true, severity: 'medium' } },
      },
    },
  };
  const delivery = deliverJson(400, { ...exchange.headers, ...fault.headers }, body);
  const promptOnly = { ...usage, completionTokens: 0, reasoningTokens: 0 };
  return { outcome: 'filtered', delivery, usage: promptOnly, billed: fault.billed ?? true };
}

function delayVerdict(verdict: Verdict, faults: MetFaults): Verdict {
  const late = faults.shaping.filter((fault) => fault.kind === 'latency');
  return { ...verdict, delivery: late.reduce(delayDelivery, verdict.delivery) };
}

function reject(exchange: Exchange, status: number, problem: RequestProblem): Verdict {
  const body = {
    error: { message: problem.message, type: 'invalid_request_error', param: problem.param, code: problem.code },
  };
  return { outcome: 'rejected', delivery: deliverJson(status, exchange.headers, body) };
}

function parseJson(text: string): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function openExchange(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  route: { resource: string; api: BilledApi; deployment: string | null },
): Exchange {
  const nowMs = simulation.clock.now();
  const number = simulation.nextRequest++;
  const figures = figuresOf(simulation, route.resource, null);
  recordArrival(figures);
  const headerOf = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    simulation,
    request,
    response,
    resource: route.resource,
    figures,
    headers: answerHeaders(simulation, request, route.resource, number),
    record: {
      number,
      receivedAt: new Date(nowMs).toISOString(),
      receivedAtMs: nowMs,
      durationMs: 0,
      region: route.resource,
      deployment: route.deployment ?? '',
      api: route.api,
      stream: false,
      status: null,
      outcome: 'rejected',
      refusal: null,
      fault: null,
      estimatedTokens: 0,
      chargedTokens: 0,
      billed: false,
      usage: null,
      clientRequestId: headerOf('x-ms-client-request-id'),
      traceparent: headerOf('traceparent'),
      job: headerOf('x-weir-job'),
      attempt: headerOf('x-weir-attempt'),
    },
  };
}

function settle(exchange: Exchange, verdict: Verdict, played: { outcome: string; share: number }): void {
  const { record } = exchange;
  const isLeft = played.outcome === 'left';
  record.refusal = verdict.refusal ?? null;
  record.billed = verdict.billed ?? false;
  record.usage = record.billed ? (verdict.usage ?? null) : null;
  // A stream that is left stops being written; an answer in one piece is written to its end all the same.
  if (isLeft && verdict.delivery.isStream && verdict.outcome === 'succeeded' && record.usage) {
    record.usage = { ...record.usage, completionTokens: Math.ceil(record.usage.completionTokens * played.share) };
  }
  endExchange(
    exchange,
    isLeft ? 'aborted' : verdict.outcome,
    exchange.response.headersSent ? verdict.delivery.status : null,
  );
}

function endExchange(exchange: Exchange, outcome: RequestOutcome, status: number | null): void {
  const { record, simulation } = exchange;
  record.outcome = outcome;
  record.status = status;
  record.durationMs = simulation.clock.now() - record.receivedAtMs;
  recordEnd(simulation, exchange.figures, record);
}
