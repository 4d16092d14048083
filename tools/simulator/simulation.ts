import type { AdmissionState } from './admission.ts';
import { createAdmission, readHeadroom, requestsPerSlice } from './admission.ts';
import type { LengthDistribution } from './answer-length.ts';
import type { Tokenizer } from './count-tokens.ts';
import type { FaultBook } from './fault-book.ts';
import type { Figures } from './figures.ts';
import { countAdmission, countArrival, countAsked, countEnd, createFigures, readFigures } from './figures.ts';
import type { LatencyOptions } from './latency.ts';
import { requestsInLatest } from './peak-windows.ts';
import type { PromptCache } from './prompt-cache.ts';
import { createPromptCache } from './prompt-cache.ts';
import type { HintForm } from './refusal.ts';
import type { DeploymentReport, RequestRecord, SimulatorReport } from './report.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { DeploymentSpec } from './simulated-deployments.ts';
import type { StoredResponses } from './stored-responses.ts';

/** One simulated deployment: its limits, what it has admitted, and its figures. */
export type SimulatedDeployment = {
  spec: DeploymentSpec;
  admission: AdmissionState;
  hints: HintForm;
  cache: PromptCache;
  figures: Figures;
  overLimit: { tokensIn60Seconds: number; requestsInSlice: number };
  otherLoad: { tokens: number; requests: number };
};

/** Everything one simulator knows while it runs. */
export type Simulation = {
  seed: number;
  clock: SimulatedClock;
  random: SeededRandom;
  latency: LatencyOptions;
  length: LengthDistribution;
  outputTokensWhenUnset: number;
  key: string | null;
  loadTokenizer: () => Promise<Tokenizer>;
  faults: FaultBook;
  responses: StoredResponses;
  resources: Map<string, { region: string; figures: Figures; deployments: Map<string, SimulatedDeployment> }>;
  total: Figures;
  startedAtMs: number;
  nextRequest: number;
  records: RequestRecord[];
  recordsHead: number;
};

const MOST_RECORDS = 20_000;

/** Builds the deployments of a simulation. */
export function createResources(specs: readonly DeploymentSpec[], hints: HintForm): Simulation['resources'] {
  const resources: Simulation['resources'] = new Map();
  for (const spec of specs) {
    const resource = resources.get(spec.resource) ?? {
      region: spec.region,
      figures: createFigures(),
      deployments: new Map(),
    };
    resources.set(spec.resource, resource);
    resource.deployments.set(spec.deployment, {
      spec,
      admission: createAdmission(spec.limits),
      hints,
      cache: createPromptCache(),
      ...freshCounts(),
    });
  }
  return resources;
}

/** The figures that a request counts in before its deployment is known: everything, and its resource. */
export function figuresOf(simulation: Simulation, resource: string): Figures[] {
  const region = simulation.resources.get(resource);
  return region ? [simulation.total, region.figures] : [simulation.total];
}

/** Counts an arrival at one more level of figures. */
export function recordArrival(figures: readonly Figures[]): void {
  for (const one of figures) countArrival(one);
}

/** Counts what a request asked of the limiter and whether the callers have by now asked for more than it allows. */
export function recordAsked(
  figures: readonly Figures[],
  deployment: SimulatedDeployment,
  tokens: number,
  nowMs: number,
): void {
  for (const one of figures) countAsked(one, tokens, nowMs);
  const { limits } = deployment.admission;
  const asked = deployment.figures.asked;
  if ((asked.spans[0]?.tokens ?? 0) > limits.tokensPerMinute) deployment.overLimit.tokensIn60Seconds += 1;
  if (requestsInLatest(asked, limits.requestWindowSeconds * 1000) > requestsPerSlice(limits)) {
    deployment.overLimit.requestsInSlice += 1;
  }
}

/** Counts an admission. */
export function recordAdmission(figures: readonly Figures[], chargedTokens: number, nowMs: number): void {
  for (const one of figures) countAdmission(one, chargedTokens, nowMs);
}

/** Counts an ended request and keeps it among the last 20,000. */
export function recordEnd(simulation: Simulation, figures: readonly Figures[], record: RequestRecord): void {
  for (const one of figures) countEnd(one, record);
  simulation.records[simulation.recordsHead] = record;
  simulation.recordsHead = (simulation.recordsHead + 1) % MOST_RECORDS;
}

/** The newest `limit` records, newest first. */
export function listRecords(simulation: Simulation, limit: number): RequestRecord[] {
  const { records, recordsHead } = simulation;
  const inOrder =
    records.length < MOST_RECORDS ? records : [...records.slice(recordsHead), ...records.slice(0, recordsHead)];
  return limit === 0 ? [] : inOrder.slice(-limit).reverse();
}

/** The report as of now. */
export function readReport(simulation: Simulation): SimulatorReport {
  const nowMs = simulation.clock.now();
  return {
    seed: simulation.seed,
    timeScale: simulation.clock.timeScale,
    startedAt: new Date(simulation.startedAtMs).toISOString(),
    elapsedMs: nowMs - simulation.startedAtMs,
    total: readFigures(simulation.total),
    regions: [...simulation.resources].map(([region, resource]) => ({
      region,
      ...readFigures(resource.figures),
      deployments: [...resource.deployments.values()].map((deployment) => readDeployment(region, deployment, nowMs)),
    })),
  };
}

/** Starts all figures and the request log anew; quota that is charged stays charged, requests in flight stay in flight. */
export function resetReport(simulation: Simulation): void {
  simulation.startedAtMs = simulation.clock.now();
  simulation.records = [];
  simulation.recordsHead = 0;
  resetFigures(simulation.total);
  for (const resource of simulation.resources.values()) {
    resetFigures(resource.figures);
    for (const deployment of resource.deployments.values()) {
      resetFigures(deployment.figures);
      const { overLimit, otherLoad } = freshCounts();
      Object.assign(deployment, { overLimit, otherLoad });
    }
  }
}

// In place: requests in flight hold on to these figures and will count their end in them.
function resetFigures(figures: Figures): void {
  const { inFlight } = figures;
  Object.assign(figures, createFigures(), { inFlight, maxInFlight: inFlight });
}

function freshCounts(): Pick<SimulatedDeployment, 'figures' | 'overLimit' | 'otherLoad'> {
  return {
    figures: createFigures(),
    overLimit: { tokensIn60Seconds: 0, requestsInSlice: 0 },
    otherLoad: { tokens: 0, requests: 0 },
  };
}

function readDeployment(region: string, deployment: SimulatedDeployment, nowMs: number): DeploymentReport {
  return {
    region,
    deployment: deployment.spec.deployment,
    model: deployment.spec.model,
    ...readFigures(deployment.figures),
    limits: { ...deployment.admission.limits },
    hints: deployment.hints,
    headroom: readHeadroom(deployment.admission, nowMs),
    overLimit: { ...deployment.overLimit },
    otherLoad: { ...deployment.otherLoad },
  };
}
