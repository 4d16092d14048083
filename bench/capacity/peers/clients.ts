import OpenAI from 'openai';
import { writeHeadroom, writeRefusal } from '../../../tools/simulator/refusal.ts';
import type { Draws } from '../seeded.ts';
import { chargeOf, type SimulatedJob } from '../simulated-job.ts';
import { arrive, type ServiceDeployment } from '../simulated-service.ts';
import type { Simulation } from '../simulation.ts';

const unchanged = (ms: number): number => ms;

/** The `openai` SDK as it comes, one client per region and number of retries; its `fetch` reaches the simulated service. */
export class Clients {
  readonly #simulation: Simulation;
  readonly #draws: Draws;
  readonly #clients = new Map<string, OpenAI>();
  readonly #jobs = new Map<string, SimulatedJob>();

  constructor(simulation: Simulation, draws: Draws) {
    this.#simulation = simulation;
    this.#draws = draws;
  }

  anyRegion(): ServiceDeployment {
    const { service } = this.#simulation;
    const region = service[Math.floor(this.#draws.next() * service.length)];
    if (region === undefined) throw new Error('There is no region.');
    return region;
  }

  /** One request of an app on one region; the SDK retries by itself. */
  ask(job: SimulatedJob, region: ServiceDeployment, maxRetries: number): Promise<unknown> {
    this.#jobs.set(job.id, job);
    return this.#clientOf(region, maxRetries).chat.completions.create(
      { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'A question.' }], max_tokens: job.size.outputCap },
      { headers: { 'x-job': job.id } },
    );
  }

  /** Each region once, without a pause, until one answers. */
  async askEach(job: SimulatedJob): Promise<unknown> {
    const { service } = this.#simulation;
    const first = service.indexOf(this.anyRegion());
    let failure: unknown;
    for (let turn = 0; turn < service.length; turn += 1) {
      const region = service[(first + turn) % service.length];
      if (region === undefined) continue;
      try {
        return await this.ask(job, region, 0);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #clientOf(region: ServiceDeployment, maxRetries: number): OpenAI {
    const key = `${region.name} ${maxRetries}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client = new OpenAI({
      apiKey: 'any',
      baseURL: `https://${region.name}.openai.azure.com/openai/v1/`,
      maxRetries,
      fetch: (_url, init) => this.#serve(region, new Headers(init?.headers).get('x-job') ?? ''),
    });
    this.#clients.set(key, client);
    return client;
  }

  async #serve(region: ServiceDeployment, jobId: string): Promise<Response> {
    const { time, scenario } = this.#simulation;
    const job = this.#jobs.get(jobId);
    if (job === undefined) throw new Error(`Nobody sent ${jobId}.`);
    await time.sleep(this.#draws.uniform(2, 25));
    const decision = arrive(region, chargeOf(job.size), time.nowMs, this.#simulation.isMeasured);
    const headroomHeaders = writeHeadroom(decision.headroom, unchanged);
    if (decision.outcome === 'refused') {
      job.throttled += 1;
      await time.sleep(30);
      const { kind, retryAfterMs } = decision;
      const { headers, body } = writeRefusal({
        kind,
        hint: scenario.hints,
        retryAfterMs,
        model: 'gpt-4.1-mini',
        region: region.name,
        headroomHeaders,
      });
      return respond(429, headers, body);
    }
    job.sentMs = time.nowMs;
    await time.sleep(500 + job.size.outputTokens * 20);
    return respond(200, headroomHeaders, {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'An answer.' }, finish_reason: 'stop' }],
    });
  }
}

function respond(status: number, headers: Readonly<Record<string, string>>, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...headers, 'content-type': 'application/json' } });
}
