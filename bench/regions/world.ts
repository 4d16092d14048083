import { type AdmissionState, admit, createAdmission, readHeadroom } from '../../tools/simulator/admission.ts';
import { writeHeadroom, writeRefusal } from '../../tools/simulator/refusal.ts';
import { type Draws, draw } from '../capacity/seeded.ts';
import { VirtualTime } from '../virtual-time.ts';
import {
  chargedTokens,
  drawAnswer,
  outputCap,
  promptCharacters,
  type RegionScenario,
  regionNames,
  requestModel,
  slowFactor,
  type Trouble,
  troubled,
} from './scenario.ts';

/** One upstream call as the service saw it. */
export interface Call {
  readonly job: string;
  readonly region: string;
  readonly sentMs: number;
  endMs: number;
  /** 0 while it is under way and when nothing came. */
  status: number;
}

/** One job, whoever works on it. */
export interface BenchJob {
  readonly id: string;
  readonly submittedMs: number;
  readonly calls: Call[];
  doneMs: number | null;
  hasSucceeded: boolean;
}

/** A whole answer of the service. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly firstByteMs: number;
  readonly latencyMs: number;
}

/** How long the caller waits for an answer, and how many tokens it may have. */
export interface CallLimits {
  readonly limitMs: number;
  readonly cap: number;
}

/** What the service and its callers share: time, regions, jobs. */
export class World {
  readonly scenario: RegionScenario;
  readonly startMs = 1_790_000_000_000;
  readonly time = new VirtualTime(this.startMs);
  readonly jobs: BenchJob[] = [];
  readonly calls: Call[] = [];
  readonly #byId = new Map<string, BenchJob>();
  readonly #admissions: ReadonlyMap<string, AdmissionState>;
  readonly #answers: Draws;
  #trouble: Trouble = 'none';

  constructor(scenario: RegionScenario) {
    this.scenario = scenario;
    const { tokensPerMinute, requestsPerMinute } = scenario;
    const limits = { tokensPerMinute, requestsPerMinute, requestWindowSeconds: 10, window: 'sliding' } as const;
    this.#admissions = new Map(
      regionNames.map((name) => [name, createAdmission({ ...limits, sku: 'GlobalStandard' })]),
    );
    this.#answers = draw(scenario.seed, 'answers');
    let atMs = this.startMs;
    for (const { trouble, seconds } of scenario.phases) {
      this.time.at(atMs, () => {
        this.#trouble = trouble;
      });
      atMs += seconds * 1000;
    }
  }

  open(): BenchJob {
    const id = `bench-${this.jobs.length}`;
    const job: BenchJob = { id, submittedMs: this.time.nowMs, calls: [], doneMs: null, hasSucceeded: false };
    this.jobs.push(job);
    this.#byId.set(id, job);
    return job;
  }

  /** Lets a system's own name of a job stand for it. */
  alias(name: string, job: BenchJob): void {
    this.#byId.set(name, job);
  }

  close(job: BenchJob, hasSucceeded: boolean): void {
    job.doneMs = this.time.nowMs;
    job.hasSucceeded = hasSucceeded;
  }

  /**
   * One call: judged at its arrival, answered after its latency. The trouble at arrival holds for the whole call. Null when nothing came
   * within `limitMs`.
   */
  async serve(region: string, jobName: string, { limitMs, cap }: CallLimits): Promise<Answer | null> {
    const job = this.#byId.get(jobName);
    const call: Call = { job: job?.id ?? jobName, region, sentMs: this.time.nowMs, endMs: Number.NaN, status: 0 };
    job?.calls.push(call);
    this.calls.push(call);
    const answer = this.#answer(region, cap);
    await this.time.sleep(Math.min(answer?.latencyMs ?? limitMs, limitMs));
    call.endMs = this.time.nowMs;
    if (answer === null || answer.latencyMs > limitMs) return null;
    call.status = answer.status;
    return answer;
  }

  /** Null where nothing ever comes. */
  #answer(region: string, cap: number): Answer | null {
    const trouble = region === troubled || this.#trouble === 'all-out' ? this.#trouble : 'none';
    const admission = this.#admissions.get(region);
    if (admission === undefined) throw new Error(`There is no region ${region}.`);
    const now = Math.floor(this.time.nowMs);
    const quickly = { firstByteMs: 25, latencyMs: 30 };
    if (trouble === 'black-hole') return null;
    if (trouble === '503' || trouble === 'all-out') return { ...quickly, status: 503, headers: {}, text: unavailable };
    const headers = writeHeadroom(readHeadroom(admission, now), (ms) => ms);
    const refuse = (kind: Parameters<typeof writeRefusal>[0]['kind'], retryAfterMs: number): Answer => {
      const facts = { kind, hint: 'good', retryAfterMs, model: 'm', region, headroomHeaders: headers } as const;
      const refusal = writeRefusal(facts);
      return { ...quickly, status: 429, headers: refusal.headers, text: JSON.stringify(refusal.body) };
    };
    if (trouble === 'capacity') return refuse('capacity', 10_000);
    const decision = admit(admission, { tokens: chargedTokens }, now);
    if (decision.outcome === 'refused') return refuse(decision.kind, decision.retryAfterMs);
    const { outputTokens, firstByteMs, latencyMs } = drawAnswer(this.#answers, cap);
    const factor = trouble === 'slow' ? slowFactor : 1;
    return {
      status: 200,
      headers,
      text: writeChat(outputTokens),
      firstByteMs: firstByteMs * factor,
      latencyMs: latencyMs * factor,
    };
  }
}

/** The body of every job's request. */
export const requestBody = {
  model: requestModel,
  messages: [{ role: 'user', content: 'x'.repeat(promptCharacters) }],
  max_tokens: outputCap,
} as const;

const unavailable = JSON.stringify({ error: { code: 'ServiceUnavailable', message: 'The service is unavailable.' } });

function writeChat(outputTokens: number): string {
  const message = { role: 'assistant', content: 'An answer.' };
  const usage = { prompt_tokens: promptCharacters / 4, completion_tokens: outputTokens };
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + outputTokens },
  });
}
