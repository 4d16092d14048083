import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll, handleWhen, retry, wrap } from 'cockatiel';
import OpenAI, { APIError } from 'openai';
import type { System } from './run-scenario.ts';
import { outputCap, regionNames } from './scenario.ts';
import { type BenchJob, requestBody, type World } from './world.ts';

/** What an application does today instead: its own client per region, jobs in turn over the regions. */
export const peers: Readonly<Record<string, (world: World) => System>> = {
  'openai SDK (retries: 2)': startSdk,
  'SDK + cockatiel retry and breaker': startCockatiel,
};

/** The SDK as it comes: each region's client retries by itself, on the same region. */
function startSdk(world: World): System {
  const clients = regionNames.map((region) => createClient(world, region, 2));
  let turn = 0;
  return {
    submit: async (job) => {
      turn += 1;
      const client = clients[turn % clients.length];
      if (client === undefined) throw new Error('There is no region.');
      await complete(world, job, () => ask(client, job));
    },
  };
}

/** A breaker per region (five failures in a row, ten seconds), and a retry with back-off that goes on to the next region. */
function startCockatiel(world: World): System {
  const regions = regionNames.map((region) => ({
    client: createClient(world, region, 0),
    breaker: circuitBreaker(handleWhen(isRegionsFault), {
      halfOpenAfter: 10_000,
      breaker: new ConsecutiveBreaker(5),
    }),
  }));
  const retries = retry(handleAll, {
    maxAttempts: 3,
    backoff: new ExponentialBackoff({ initialDelay: 1000, maxDelay: 60_000 }),
  });
  let turn = 0;
  return {
    submit: async (job) => {
      turn += 1;
      const first = turn;
      await complete(world, job, () =>
        retries.execute(({ attempt }) => {
          const region = regions[(first + attempt) % regions.length];
          if (region === undefined) throw new Error('There is no region.');
          return wrap(region.breaker).execute(() => ask(region.client, job));
        }),
      );
    },
  };
}

function isRegionsFault(error: unknown): boolean {
  return !(error instanceof APIError) || error.status === undefined || error.status === 429 || error.status >= 500;
}

async function complete(world: World, job: BenchJob, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
    world.close(job, true);
  } catch {
    world.close(job, false);
  }
}

function ask(client: OpenAI, job: BenchJob): Promise<unknown> {
  return client.chat.completions.create(
    { ...requestBody, messages: [...requestBody.messages] },
    { headers: { 'x-job': job.id } },
  );
}

/** Weir's own limit for the first byte: the SDK's ten minutes would be no comparison. */
const limitMs = 60_000;

function createClient(world: World, region: string, maxRetries: number): OpenAI {
  return new OpenAI({
    apiKey: 'any',
    baseURL: `https://${region}.openai.azure.com/openai/v1/`,
    maxRetries,
    fetch: async (_url, init) => {
      const answer = await world.serve(region, new Headers(init?.headers).get('x-job') ?? '', {
        limitMs,
        cap: outputCap,
      });
      // What a caller's own limit makes of silence.
      if (answer === null) throw new TypeError('fetch failed');
      const headers = { 'content-type': 'application/json', ...answer.headers };
      return new Response(answer.text, { status: answer.status, headers });
    },
  });
}
