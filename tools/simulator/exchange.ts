import type { IncomingMessage, ServerResponse } from 'node:http';
import { correctCharge } from './admission.ts';
import type { BilledApi } from './answer-request.ts';
import type { Delivery } from './delivery.ts';
import type { Figures } from './figures.ts';
import type { PlayedDelivery } from './play-delivery.ts';
import type { RefusalKind } from './refusal.ts';
import type { RequestOutcome, RequestRecord } from './report.ts';
import type { SimulatedDeployment, Simulation } from './simulation.ts';
import { figuresOf, recordArrival, recordEnd } from './simulation.ts';
import type { SimulatedUsage } from './usage.ts';

/** Where a request for an answer goes; the deployment is null where the body names it. */
export type BilledRoute = { resource: string; api: BilledApi; deployment: string | null };

/** One request on its way through the simulator: what is known of it so far, and what the log will say. */
export type Exchange = {
  simulation: Simulation;
  request: IncomingMessage;
  response: ServerResponse;
  resource: string;
  deployment: SimulatedDeployment | null;
  record: RequestRecord;
  figures: Figures[];
  headers: { [name: string]: string };
};

/** What was decided about a request: what is sent, how it counts, and what goes on the bill. */
export type Verdict = {
  delivery: Delivery;
  outcome: RequestOutcome;
  billed: boolean;
  /** What the model read and wrote; null when it never came to that. */
  usage: SimulatedUsage | null;
  /** Whether the caller can read its usage from what is sent. */
  isUsageSeen: boolean;
  refusal?: RefusalKind | 'scripted';
};

/** Counts an arrival and opens its line in the log. */
export function openExchange(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  route: BilledRoute,
): Exchange {
  const nowMs = simulation.clock.now();
  const number = simulation.nextRequest++;
  const figures = figuresOf(simulation, route.resource);
  recordArrival(figures);
  const readHeader = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : null;
  };
  const record: RequestRecord = {
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
    isUsageSeen: false,
    clientRequestId: readHeader('x-ms-client-request-id'),
    traceparent: readHeader('traceparent'),
    job: readHeader('x-weir-job'),
    attempt: readHeader('x-weir-attempt'),
    idempotencyKey: readHeader('idempotency-key'),
  };
  const headers = writeAnswerHeaders(simulation, request, route.resource, number);
  return { simulation, request, response, resource: route.resource, deployment: null, figures, record, headers };
}

/** The request has turned out to be for this deployment. */
export function enterDeployment(exchange: Exchange, deployment: SimulatedDeployment): void {
  exchange.deployment = deployment;
  exchange.figures.push(deployment.figures);
  recordArrival([deployment.figures]);
  exchange.headers['x-ms-deployment-name'] = deployment.spec.deployment;
}

/** Closes the line of a request whose verdict was played, as far as the caller stayed. */
export function settleExchange(exchange: Exchange, verdict: Verdict, played: PlayedDelivery): void {
  const { record } = exchange;
  const isLeft = played.outcome === 'left';
  // A stream that is left stops being written; an answer in one piece is written to its end all the same.
  const share = isLeft && verdict.delivery.isStream ? played.share : 1;
  const usage = verdict.usage && {
    ...verdict.usage,
    completionTokens: Math.ceil(verdict.usage.completionTokens * share),
  };
  record.refusal = verdict.refusal ?? null;
  record.billed = verdict.billed;
  record.usage = verdict.billed ? usage : null;
  record.isUsageSeen = verdict.isUsageSeen && !isLeft;
  if (exchange.deployment && record.chargedTokens > 0) {
    const actualTokens = usage ? usage.promptTokens - usage.cachedTokens + usage.completionTokens : 0;
    const charge = { chargedTokens: record.chargedTokens, actualTokens };
    correctCharge(exchange.deployment.admission, charge, exchange.simulation.clock.now());
  }
  const status = exchange.response.headersSent ? verdict.delivery.status : null;
  endExchange(exchange, isLeft ? 'aborted' : verdict.outcome, status);
}

/** Closes the line of a request. */
export function endExchange(exchange: Exchange, outcome: RequestOutcome, status: number | null): void {
  const { record, simulation } = exchange;
  record.outcome = outcome;
  record.status = status;
  record.durationMs = simulation.clock.now() - record.receivedAtMs;
  recordEnd(simulation, exchange.figures, record);
}

/** The headers that every answer of a regional resource carries. */
export function writeAnswerHeaders(
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
