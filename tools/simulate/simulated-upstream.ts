import type { Draws } from '../../bench/capacity/seeded.ts';
import { estimateAdmission } from '../../src/core/capacity/admission-estimate.ts';
import type { DeploymentConfig } from '../../src/core/config/config-schema.ts';
import type { Upstream, UpstreamOutcome, UpstreamRequest } from '../../src/core/routing/upstream.ts';
import { type AdmissionState, admit, createAdmission } from '../simulator/admission.ts';
import { composeOutcome, type Script } from './compose-outcome.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { isCalm } from './weather.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** Tokens that the service puts on its bill. */
export interface Charge {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One call as the service saw it. */
export interface UpstreamCall {
  readonly jobId: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly atMs: number;
  /** Null when nothing is charged. */
  charge: Charge | null;
}

/** The model service: one for all processes, with a limiter, a script of faults and a bill of its own. */
export class SimulatedService {
  readonly calls: UpstreamCall[] = [];
  readonly #world: World;
  readonly #witness: Witness;
  readonly #draws: Draws;
  readonly #limiters = new Map<string, AdmissionState>();

  constructor(world: World, witness: Witness) {
    this.#world = world;
    this.#witness = witness;
    this.#draws = world.draw('upstream');
  }

  /** The connection of one process. */
  connect(process: SimulatedProcess): Upstream {
    return { prepare: async () => true, call: (request, signal) => this.#call(process, request, signal) };
  }

  async #call(process: SimulatedProcess, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome> {
    const { time, trace, link, weather } = this.#world;
    const sentAtMs = time.nowMs;
    const dies = link.isFaulty && this.#draws.next() < weather.upstream.kills;
    if (dies) {
      trace.count('process killed before or in an upstream call', process.name);
      // Before the request leaves, while it runs, or with its answer on the way.
      if (this.#draws.next() < 0.2) process.kill();
      else
        time.at(sentAtMs + Math.round(this.#draws.uniform(1, 1.5 * weather.upstream.medianMs)), () => process.kill());
    }
    await process.pass();
    this.#witness.judgeCall(process, request);
    const script = this.#script(request);
    const outcome = composeOutcome(request, script);
    if (script.kind === 'unreachable') {
      await time.sleep(script.latencyMs);
      await process.pass();
      return outcome;
    }
    const call: UpstreamCall = {
      jobId: request.jobId,
      attempt: request.attempt,
      deployment: request.deployment.name,
      atMs: sentAtMs,
      charge: null,
    };
    this.calls.push(call);
    trace.note(`${process.name} calls ${call.deployment} for ${call.jobId} attempt ${call.attempt}: ${script.kind}`);
    await Promise.race([time.sleep(script.latencyMs), aborted(signal)]);
    if (signal.aborted) {
      if (script.charge !== null && this.#draws.next() < 0.5) call.charge = script.charge;
      await process.pass();
      const latencyMs = time.nowMs - sentAtMs;
      return { kind: 'unanswered', fault: 'aborted', sent: true, statusCode: null, latencyMs };
    }
    call.charge = script.charge;
    await process.pass();
    return outcome;
  }

  #script(request: UpstreamRequest): Script {
    const { trace, link, weather, time } = this.#world;
    const { upstream } = weather;
    const imposedCap = request.body['max_completion_tokens'];
    const estimate = this.#witness.estimateOf(request.jobId);
    const outputTokens = typeof imposedCap === 'number' ? imposedCap : estimate.outputTokens;
    const tokens = estimateAdmission({ ...estimate, outputTokens });
    const latencyMs = Math.round(this.#draws.lognormal(upstream.medianMs, 0.6));
    // Estimates are upper bounds here, so that a hard budget can be held to the last nano-dollar.
    const inputTokens = Math.floor(this.#draws.next() * (estimate.inputTokens + 1));
    const isCut = typeof imposedCap === 'number' && this.#draws.next() < 0.4;
    const charge: Charge = { inputTokens, outputTokens: isCut ? outputTokens : Math.floor(this.#draws.next() * 50) };
    // The chances of a bad day may add up to more than one: without faults none of them may be met.
    let chance = link.isFaulty ? this.#draws.next() : Number.POSITIVE_INFINITY;
    const isNext = (part: number) => {
      chance -= part;
      return chance < 0;
    };
    if (isNext(upstream.unreachable)) {
      trace.count('upstream connection refused');
      return { kind: 'unreachable', latencyMs: 5, charge: null };
    }
    // Before the limiter: what is refused is charged to nobody's minute.
    if (isNext(upstream.throttles)) {
      trace.count('upstream 429');
      return { kind: 'throttles', latencyMs: 30, charge: null, retryAfterMs: this.#draws.next() < 0.5 ? 3000 : null };
    }
    const admission = admit(this.#limiterOf(request.deployment), { tokens }, Math.floor(time.nowMs));
    if (admission.outcome === 'refused') {
      trace.note(`${request.deployment.name} refuses ${tokens} tokens: ${admission.kind}`);
      if (isCalm(weather)) trace.violate(`${request.deployment.name} was sent more ${admission.kind} than its limit`);
      return { kind: 'throttles', latencyMs: 30, charge: null, retryAfterMs: admission.retryAfterMs };
    }
    const isCharged = this.#draws.next() < 0.5;
    if (isNext(upstream.fails)) {
      trace.count('upstream 500');
      return { kind: 'fails', latencyMs, charge: null, isLong: this.#draws.next() < upstream.longAnswers };
    }
    if (isNext(upstream.refuses)) {
      trace.count('upstream refuses the content');
      const isLong = this.#draws.next() < upstream.longAnswers;
      return { kind: 'refuses', latencyMs, charge: { ...charge, outputTokens: 0 }, isLong };
    }
    if (isNext(upstream.resets)) {
      trace.count('upstream connection reset after sending');
      return { kind: 'resets', latencyMs, charge: isCharged ? charge : null };
    }
    if (isNext(upstream.hangs)) {
      trace.count('upstream hangs until the timeout');
      return { kind: 'hangs', latencyMs: request.firstByteMs, charge: isCharged ? charge : null };
    }
    if (isNext(upstream.nonsense)) {
      trace.count('upstream answers nonsense');
      return { kind: 'nonsense', latencyMs, charge: isCharged ? charge : null };
    }
    if (isCut) trace.count('upstream answer cut by the cap');
    return { kind: 'answers', latencyMs, charge, isLong: this.#draws.next() < upstream.longAnswers, isCut };
  }

  #limiterOf(deployment: DeploymentConfig): AdmissionState {
    const known = this.#limiters.get(deployment.name);
    if (known !== undefined) return known;
    const { tokensPerMinute, requestsPerMinute, requestWindowSeconds, sku } = deployment;
    const limiter = createAdmission({
      tokensPerMinute,
      requestsPerMinute,
      requestWindowSeconds,
      sku,
      window: 'sliding',
    });
    this.#limiters.set(deployment.name, limiter);
    return limiter;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
