import { delayDelivery, spoilDelivery } from './apply-fault.ts';
import { deliverFiltered, deliverStatus } from './azure-errors.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import type { Exchange, Verdict } from './exchange.ts';
import type { FaultScript } from './fault.ts';
import type { MetFaults } from './fault-book.ts';
import { writeRefusal } from './refusal.ts';
import type { RequestOutcome } from './report.ts';
import type { SimulatedDeployment } from './simulation.ts';
import type { SimulatedUsage } from './usage.ts';

const CAPACITY_WAIT_MS = 20_000;
// The caller gets an answer whole and can read its usage: slow, large or without words, but an answer.
const USAGE_SEEN = new Set(['drip', 'big-body', 'no-choices']);
const STILL_ANSWERS = new Set(['drip', 'big-body', 'no-usage']);

/** The verdict of a fault that strikes before the limiter is asked; null when the request goes on. */
export function failBeforeAdmission(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  faults: MetFaults,
): Verdict | null {
  const fault = faults.deciding;
  if (!fault || (fault.kind !== 'capacity' && fault.kind !== 'status') || isProcessed(fault)) return null;
  return delayVerdict(failWithStatus(exchange, deployment, fault, null), faults);
}

/** Changes the verdict on an answer that is ready as the faults that the request met say. */
export function spoilVerdict(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  ready: Verdict,
  faults: MetFaults,
): Verdict {
  return delayVerdict(decide(exchange, deployment, ready, faults.deciding), faults);
}

function decide(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  ready: Verdict,
  fault: FaultScript | null,
): Verdict {
  if (fault === null) return ready;
  const dueMs = ready.delivery.frames.at(-1)?.dueMs ?? 0;
  if (fault.kind === 'content-filter') return filterPrompt(exchange, fault, ready);
  if (fault.kind === 'status' || fault.kind === 'capacity') {
    const verdict = failWithStatus(exchange, deployment, fault, ready.usage);
    return { ...verdict, delivery: delayDelivery(verdict.delivery, { kind: 'latency', latencyMs: dueMs }) };
  }
  return {
    ...ready,
    outcome: STILL_ANSWERS.has(fault.kind) ? ready.outcome : 'broken',
    billed: fault.billed ?? true,
    isUsageSeen: USAGE_SEEN.has(fault.kind),
    delivery: spoilDelivery(ready.delivery, fault),
  };
}

// A 408 comes after the model has worked, so it is charged and billed; other statuses come from before the limiter.
function isProcessed(fault: FaultScript): boolean {
  return fault.charged ?? fault.status === 408;
}

function failWithStatus(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  fault: FaultScript,
  usage: SimulatedUsage | null,
): Verdict {
  const status = fault.kind === 'capacity' ? 429 : (fault.status ?? 500);
  const retryAfter: { [name: string]: string } =
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  const own = { ...retryAfter, ...fault.headers };
  const billed = fault.billed ?? usage !== null;
  if (status === 429) {
    const kind = fault.kind === 'capacity' ? 'capacity' : (fault.refusal ?? 'capacity');
    const refusal = kind === 'capacity' ? kind : 'scripted';
    const delivery = withBody(deliverRefusal(exchange, deployment, fault, kind, own), fault);
    return { outcome: 'refused', refusal, delivery, billed, usage, isUsageSeen: false };
  }
  const delivery = withBody(deliverStatus(status, { ...exchange.headers, ...own }), fault);
  return { outcome: outcomeOf(status), delivery, billed, usage, isUsageSeen: false };
}

function deliverRefusal(
  exchange: Exchange,
  deployment: SimulatedDeployment,
  fault: FaultScript,
  kind: 'tokens' | 'requests' | 'capacity',
  own: { [name: string]: string },
): Delivery {
  const { clock } = exchange.simulation;
  const isNumber = typeof fault.retryAfter === 'number' && fault.retryAfter > 0;
  const refusal = writeRefusal({
    kind,
    // A scripted Retry-After stands alone: the other hints would contradict it.
    hint: fault.hint ?? (fault.retryAfter === undefined ? deployment.hints : isNumber ? 'message' : 'missing'),
    retryAfterMs: isNumber ? Number(fault.retryAfter) * 1000 : clock.toRealMs(CAPACITY_WAIT_MS),
    model: deployment.spec.model,
    region: deployment.spec.region,
    headroomHeaders: exchange.headers,
  });
  return deliverJson(429, { ...refusal.headers, ...own }, refusal.body);
}

function filterPrompt(exchange: Exchange, fault: FaultScript, ready: Verdict): Verdict {
  const usage = ready.usage && { ...ready.usage, completionTokens: 0, reasoningTokens: 0 };
  const delivery = withBody(deliverFiltered({ ...exchange.headers, ...fault.headers }), fault);
  return { outcome: 'filtered', delivery, usage, billed: fault.billed ?? true, isUsageSeen: false };
}

function delayVerdict(verdict: Verdict, faults: MetFaults): Verdict {
  const late = faults.shaping.filter((fault) => fault.kind === 'latency');
  return { ...verdict, delivery: late.reduce(delayDelivery, verdict.delivery) };
}

function withBody(delivery: Delivery, fault: FaultScript): Delivery {
  if (fault.body === undefined) return delivery;
  const data = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
  return { ...delivery, frames: [{ dueMs: 0, data }] };
}

function outcomeOf(status: number): RequestOutcome {
  if (status === 408) return 'timed-out';
  return status >= 500 ? 'failed' : 'rejected';
}
