import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UsageRow } from '../../../../src/core/cost/usage-row.ts';
import { cancelJob } from '../../../../src/core/gateway/cancel-job.ts';
import type { JobSubmission } from '../../../../src/core/http/parse-job-submission.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import type { UpstreamOutcome } from '../../../../src/core/routing/upstream.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { makeSampleUsage } from '../../../support/sample-jobs.ts';
import { refusal } from '../../../support/scripted-upstream.ts';

const model = 'gpt-4.1-mini';
const uncapped = { model, messages: [{ role: 'user', content: 'Tell me of weirs.' }] };
const learned = 320;

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

afterEach(() => {
  gateway.expectSound();
});

/** Sixty answers of 250 tokens on the accounts: the cap learnt from them is 320. */
function teach(outputTokens = 250): void {
  const rows = Array.from({ length: 60 }, (_, index) => taught(`taught-${index}`, outputTokens));
  const usage = gateway.ports.usage.newest.bind(gateway.ports.usage);
  gateway.ports.usage.newest = async (team, limit) => [...(await usage(team, limit)), ...rows];
}

function taught(jobId: string, outputTokens: number): UsageRow {
  const usage = { inputTokens: 9, cachedInputTokens: 0, outputTokens, reasoningTokens: 0 };
  const own = { model, endpoint: '/v1/chat/completions', outcome: 'succeeded', measured: true } as const;
  return makeSampleUsage('search', { ...own, jobId, usage, cache: 'miss', capSetBy: 'weir', choices: 1 });
}

function accept(fields: Partial<JobSubmission> = {}): Promise<Job> {
  return gateway.accept({ body: uncapped, ...fields });
}

function chat(content: string, finishReason: string, outputTokens: number): UpstreamOutcome {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: finishReason }];
  const body = { choices, usage: { prompt_tokens: 4, completion_tokens: outputTokens } };
  const text = JSON.stringify(body);
  return { kind: 'answered', statusCode: 200, headers: {}, requestId: 'r', body, text, firstByteMs: 0, latencyMs: 0 };
}

const cut = chat('A weir is a low', 'length', learned);
const whole = chat('A weir is a low dam.', 'stop', 700);
/** May have been processed and billed: its estimate is booked. */
const unreadable: UpstreamOutcome = {
  kind: 'unanswered',
  fault: 'not_json',
  sent: true,
  statusCode: 200,
  latencyMs: 0,
};
const run = (job: Job) => gateway.finish(gateway.wake(job));
const caps = () => gateway.upstream.calls.map(({ body }) => body['max_completion_tokens']);

/** Gives the team a hard budget of so much. */
function limitTo(monthlyNanoUsd: number): void {
  const budget = {
    monthlyUsd: (monthlyNanoUsd / 1e9).toFixed(9),
    monthlyNanoUsd,
    alertPercents: [],
    hard: true,
    timeZone: 'Etc/UTC',
  };
  gateway.config = { ...gateway.config, teams: gateway.config.teams.map((team) => ({ ...team, budget })) };
}

function answerOf(job: Job): string {
  const body = gateway.job(job).end?.response?.body;
  return body?.kind === 'inline' ? JSON.parse(body.text).choices[0].message.content : '';
}

describe('the cap of a request that sets none', () => {
  it('is the largest one until enough answers are on the accounts', async () => {
    const job = await accept();
    expect(job.estimate).toMatchObject({ outputTokens: 4096, imposedOutputCap: 4096, rerunOutputCap: null });
    await run(job);
    expect(caps()).toEqual([4096]);
  });

  it('is learnt from the answers of all processes, booked and sent', async () => {
    teach();
    const job = await accept();
    expect(job.estimate).toMatchObject({ outputTokens: learned, imposedOutputCap: learned, rerunOutputCap: 4096 });
    await run(job);
    expect(caps()).toEqual([learned]);
    expect(gateway.capacity.requests[0]?.estimate.outputTokens).toBe(learned);
    expect(gateway.usage(job)[0]).toMatchObject({ capSetBy: 'weir', choices: 1 });
  });

  it("leaves the caller's own cap alone", async () => {
    teach();
    const job = await gateway.accept();
    expect(job.estimate).toMatchObject({ outputTokens: 50, imposedOutputCap: null, rerunOutputCap: null });
    await run(job);
    expect(gateway.upstream.calls[0]?.body['max_tokens']).toBe(50);
    expect(gateway.usage(job)[0]).toMatchObject({ capSetBy: 'caller' });
  });

  it('is read at most once a minute', async () => {
    let reads = 0;
    gateway.ports.usage.newest = async () => {
      reads += 1;
      return [];
    };
    await Promise.all([accept(), accept(), accept()]);
    expect(reads).toBe(1);
    await gateway.clock.advance(59_000);
    await accept();
    expect(reads).toBe(1);
    await gateway.clock.advance(1000);
    await accept();
    expect(reads).toBe(2);
  });

  it('has no re-run where the largest one could never be sent', async () => {
    teach();
    gateway.config = {
      ...gateway.config,
      teams: gateway.config.teams.map((team) => ({ ...team, tokensPerMinute: 1000 })),
    };
    const job = await accept();
    expect(job.estimate.rerunOutputCap).toBeNull();
    gateway.upstream.script('*', cut);
    await run(job);
    expect([answerOf(job), gateway.upstream.calls.length]).toEqual(['A weir is a low', 1]);
  });
});

describe('an answer that a learnt cap cut short', () => {
  beforeEach(() => teach());

  it('is asked for once more with the largest cap, booked so, and both calls are billed within the hold', async () => {
    gateway.upstream.script('*', cut, whole);
    const job = await accept();
    await run(job);
    expect(answerOf(job)).toBe('A weir is a low dam.');
    expect(caps()).toEqual([learned, 4096]);
    expect(gateway.capacity.requests.map(({ estimate }) => estimate.outputTokens)).toEqual([learned, 4096]);
    expect(gateway.trail(job)).toEqual(['accepted', 'claimed', 'attempt', 'rerun', 'claimed', 'attempt', 'succeeded']);
    expect(gateway.usage(job).map(({ usage }) => usage.outputTokens)).toEqual([learned, 700]);
    expect(gateway.job(job).end?.cost.nanoUsd).toBeLessThanOrEqual(job.holdNanoUsd);
  });

  it('is held for at its worst: both runs at their whole caps cost no more than the hold', async () => {
    gateway.upstream.script('*', cut, chat('endless', 'length', 4096));
    const job = await accept();
    await run(job);
    const { end } = gateway.job(job);
    expect(end?.attempts).toHaveLength(2);
    expect(end?.cost.nanoUsd).toBeLessThanOrEqual(job.holdNanoUsd);
    expect(end?.cost.nanoUsd).toBeGreaterThan(job.estimateNanoUsd);
  });

  it('is asked for once more by a budget that holds just what was held for both runs', async () => {
    gateway.upstream.script('*', cut, whole);
    const job = await accept();
    limitTo(job.holdNanoUsd);
    await run(job);
    expect([answerOf(job), gateway.upstream.calls.length]).toEqual(['A weir is a low dam.', 2]);
  });

  it('is not asked for again when a call that cost money had to be repeated and the budget has no room', async () => {
    gateway.upstream.script('*', cut, unreadable, whole);
    const job = await accept();
    limitTo(job.holdNanoUsd);
    await run(job);
    expect([answerOf(job), gateway.upstream.calls.length]).toEqual(['A weir is a low', 2]);
  });

  it('is asked for only once', async () => {
    gateway.upstream.script('*', cut, chat('longer', 'length', 4096), whole);
    const job = await accept();
    await run(job);
    expect([answerOf(job), gateway.upstream.calls.length]).toEqual(['longer', 2]);
  });

  it('stands when the second run is refused', async () => {
    gateway.upstream.script('*', cut, refusal(400, 'content_filter'));
    const job = await accept();
    await run(job);
    expect([gateway.job(job).end?.status, answerOf(job)]).toEqual(['succeeded', 'A weir is a low']);
    expect(gateway.job(job).end?.attempts.map(({ outcome }) => outcome)).toEqual(['succeeded', 'refused']);
  });

  it('stands when the deadline comes before the second run', async () => {
    gateway.upstream.script('*', cut);
    gateway.capacity.script(
      (request) => gateway.capacity.bookFor(request, gateway.clock.now()),
      (request) => ({ outcome: 'wait', untilMs: gateway.clock.now() + 900_000, ticket: request.ticket, reason: 'tpm' }),
    );
    const job = await accept();
    expect(await run(job)).toBe('parked');
    expect(gateway.liveRow(job)?.rerun?.reason).toBe('cap');
    await gateway.clock.advance(600_000);
    expect(await run(job)).toBe('ended');
    expect([gateway.job(job).end?.status, answerOf(job)]).toEqual(['succeeded', 'A weir is a low']);
  });

  it('stands when the job is cancelled while its second run waits', async () => {
    gateway.upstream.script('*', cut);
    gateway.capacity.script(
      (request) => gateway.capacity.bookFor(request, gateway.clock.now()),
      (request) => ({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: request.ticket, reason: 'tpm' }),
    );
    const job = await accept();
    await run(job);
    await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    expect([gateway.job(job).end?.status, answerOf(job)]).toEqual(['succeeded', 'A weir is a low']);
  });

  it('goes on with the larger cap when the second run was parked', async () => {
    gateway.upstream.script('*', cut, whole);
    gateway.capacity.script(
      (request) => gateway.capacity.bookFor(request, gateway.clock.now()),
      (request) => ({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: request.ticket, reason: 'tpm' }),
    );
    const job = await accept();
    expect(await run(job)).toBe('parked');
    await gateway.clock.advance(60_000);
    expect(await run(job)).toBe('ended');
    expect([answerOf(job), ...caps()]).toEqual(['A weir is a low dam.', learned, 4096]);
  });

  it('stands when the second run turns out too large for every deployment', async () => {
    gateway.upstream.script('*', cut);
    gateway.capacity.script((request) => gateway.capacity.bookFor(request, gateway.clock.now()), {
      outcome: 'never',
      limitTokens: 1000,
      limitOf: 'deployment',
      neededTokens: 4100,
    });
    const job = await accept();
    await run(job);
    expect([gateway.job(job).end?.status, answerOf(job)]).toEqual(['succeeded', 'A weir is a low']);
  });

  it('stands when workers are lost over the second run', async () => {
    gateway.upstream.script('*', cut);
    gateway.capacity.script(
      (request) => gateway.capacity.bookFor(request, gateway.clock.now()),
      (request) => ({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: request.ticket, reason: 'tpm' }),
    );
    const job = await accept();
    await run(job);
    for (let lost = 0; lost < 3; lost += 1) {
      const row = gateway.state.teams.get('search')?.live.get(job.id)?.value;
      expect(row?.rerun?.reason).toBe('cap');
      await loseWorker(job);
    }
    expect([gateway.job(job).end?.status, answerOf(job)]).toEqual(['succeeded', 'A weir is a low']);
    expect(gateway.usage(job).map(({ outcome }) => outcome)).toEqual(['succeeded', 'unknown', 'unknown', 'unknown']);
  });

  it('is not asked for again when it ended by itself, or at a limit of the model below the cap', async () => {
    gateway.upstream.script('*', chat('short', 'stop', learned), chat('model limit', 'length', 200));
    for (const expected of ['short', 'model limit']) {
      const job = await accept();
      await run(job);
      expect(answerOf(job)).toBe(expected);
    }
    expect(gateway.upstream.calls).toHaveLength(2);
  });

  it('counts as incomplete for responses too', async () => {
    const usage = { input_tokens: 20, output_tokens: learned };
    const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [], usage };
    const complete = { status: 'completed', output: [{}], usage: { ...usage, output_tokens: 500 } };
    const rows = Array.from({ length: 60 }, (_, i) => ({
      ...taught(`r-${i}`, 250),
      endpoint: '/v1/responses' as const,
    }));
    gateway.ports.usage.newest = async () => rows;
    for (const body of [incomplete, complete]) {
      gateway.upstream.script('*', { ...answered, body, text: JSON.stringify(body) });
    }
    const job = await accept({ endpoint: '/v1/responses', body: { model, input: 'Weirs?' } });
    await run(job);
    expect(gateway.upstream.calls.map(({ body }) => body['max_output_tokens'])).toEqual([learned, 4096]);
    expect(gateway.job(job).end?.status).toBe('succeeded');
  });
});

const answered = {
  kind: 'answered',
  statusCode: 200,
  headers: {},
  requestId: 'r',
  firstByteMs: 0,
  latencyMs: 0,
} as const;

/** A worker claims the job, begins the call and is never heard of again; its lease runs out. */
async function loseWorker(job: Job): Promise<void> {
  await gateway.clock.advance(60_000);
  const rows = gateway.state.teams.get('search')?.live;
  const row = rows?.get(job.id);
  if (rows === undefined || row === undefined) throw new Error('There is no live row.');
  const { value } = row;
  const intent = {
    deployment: 'eastus',
    region: 'eastus',
    startedAtMs: gateway.clock.now() - 50_000,
    usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 },
    costNanoUsd: 1,
    priceId: null,
  };
  const lease = { holder: 'dead', untilMs: gateway.clock.now() - 1 };
  rows.set(job.id, {
    version: `${row.version}x`,
    value: { ...value, state: 'running', attempt: value.attempt + 1, lease, intent },
  });
  if (value.rescues < 2)
    gateway.capacity.script((request) => ({
      outcome: 'wait',
      untilMs: gateway.clock.now() + 60_000,
      ticket: request.ticket,
      reason: 'tpm',
    }));
  await run(job);
}
