import { beforeEach, describe, expect, it } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import type { BookingRequest, BookingResult } from '../../../../src/core/capacity/capacity.ts';
import { rescueJob } from '../../../../src/core/gateway/rescue-job.ts';
import { toJobResource } from '../../../../src/core/http/job-resource.ts';
import { findFallback } from '../../../../src/core/routing/find-fallback.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { fault, refusal } from '../../../support/scripted-upstream.ts';
import { exampleConfig } from '../config/example.ts';

const [asked, other] = ['gpt-4.1-mini', 'gpt-4.1'];
const deployment = {
  region: 'eastus',
  endpoint: 'https://contoso.openai.azure.com',
  deployment: 'chat',
  sku: 'GlobalStandard',
  tokensPerMinute: 100_000,
  requestsPerMinute: 600,
};
const config = {
  pools: [
    { model: asked, deployments: [{ ...deployment, name: 'eastus' }] },
    { model: other, deployments: [{ ...deployment, name: 'sweden', region: 'sweden' }] },
    { model: 'text-embedding-3-small', deployments: [{ ...deployment, name: 'eastus' }] },
  ],
  teams: [
    { id: 'search', models: [asked, 'text-embedding-3-small'], fallbackModel: other },
    { id: 'support', models: [asked] },
  ],
};
const out = { outcome: 'wait', untilMs: 0, ticket: { start: 5, finish: 6 }, reason: 'breaker' } as const;

let gateway: GatewayUnderTest;

/** The asked model's pool takes nothing; the other one books on its only deployment. */
function withPoolOut(times = 1, fallback = other): void {
  const script = (request: BookingRequest): BookingResult => {
    if (request.model !== fallback) return { ...out, untilMs: gateway.clock.now() + 5000 };
    const { team, model, lane } = request;
    const sendAtMs = gateway.clock.now();
    const rest = {
      deployment: 'sweden',
      sendAtMs,
      enteredAtMs: sendAtMs,
      tokens: 100,
      mostDelayMs: 250,
      why: 'priority',
    };
    return { outcome: 'booked', booking: { id: 'b', model, team, lane, ...rest }, ticket: { start: 1, finish: 2 } };
  };
  for (let count = 0; count < times; count += 1) gateway.capacity.script(script, script);
}

beforeEach(() => {
  gateway = new GatewayUnderTest({ config });
});

describe('a job whose model has no deployment that takes calls', () => {
  it("is answered by the team's fallback model, and says so wherever it is told", async () => {
    const job = await gateway.accept();
    withPoolOut();
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    const ended = gateway.job(job);
    const told = toJobResource({ job: ended, live: null, forecast: null, responseText: null });
    expect(told).toMatchObject({
      status: 'succeeded',
      model: asked,
      fallback: { model: other, reason: 'no_healthy_deployment' },
      attempts: [{ deployment: 'sweden', model: other }],
    });
    expect(ended.end?.trail.filter(({ type }) => type === 'claimed' || type === 'attempt')).toMatchObject([
      { model: other },
      { model: other },
    ]);
    expect(gateway.upstream.calls.map((call) => call.deployment.name)).toEqual(['sweden']);
    gateway.expectSound();
  });

  it('caps the answer in the field that the answering model knows', async () => {
    const [, , embeddings] = config.pools;
    const old = { model: 'gpt-4', deployments: [{ ...deployment, name: 'sweden', region: 'sweden' }] };
    gateway.config = exampleConfig({
      pools: [config.pools[0], old, embeddings],
      teams: [{ id: 'search', models: [asked], fallbackModel: 'gpt-4' }],
    });
    const body = { model: asked, messages: [{ role: 'user', content: 'What is a weir?' }] };
    const job = await gateway.accept({ body });
    expect(job.estimate.imposedOutputCap).not.toBeNull();
    withPoolOut(1, 'gpt-4');
    await gateway.finish(gateway.wake(job));
    expect(gateway.upstream.calls.map((call) => Object.keys(call.body))).toEqual([['model', 'messages', 'max_tokens']]);
    expect(gateway.upstream.calls[0]?.body).toMatchObject({ max_tokens: job.estimate.imposedOutputCap });
  });

  it('is accounted at the price of the model that answered, out of a hold that bears it', async () => {
    const job = await gateway.accept();
    withPoolOut();
    await gateway.finish(gateway.wake(job));
    const [row] = gateway.usage(job);
    expect(row).toMatchObject({ model: other, deployment: 'sweden' });
    expect(row?.priceId).toContain(other);
    expect(row?.costNanoUsd).toBeLessThanOrEqual(job.holdNanoUsd);
  });

  it('leaves the line of its own model', async () => {
    const job = await gateway.accept();
    withPoolOut();
    await gateway.finish(gateway.wake(job));
    expect(gateway.capacity.left).toMatchObject([{ model: asked, ticket: { start: 5, finish: 6 } }]);
  });

  it('goes back to its own model when the fallback fails too', async () => {
    const job = await gateway.accept();
    withPoolOut();
    gateway.upstream.script('sweden', refusal(503, 'overloaded'));
    await gateway.finish(gateway.wake(job));
    await gateway.deliverAll();
    const { end } = gateway.job(job);
    expect(end?.attempts.map(({ deployment, model }) => [deployment, model])).toEqual([
      ['sweden', other],
      ['eastus', undefined],
    ]);
    expect(toJobResource({ job: gateway.job(job), live: null, forecast: null, responseText: null })).not.toHaveProperty(
      'fallback',
    );
    gateway.expectSound();
  });

  it('waits for its own model when the fallback does not take the request', async () => {
    const job = await gateway.accept();
    withPoolOut(1);
    withPoolOut(1);
    gateway.upstream.script('sweden', refusal(400, 'unsupported_value'));
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.liveRow(job)?.trail.at(-1)).toMatchObject({ type: 'deferred', reason: 'breaker' });
    await gateway.deliverAll();
    expect(gateway.job(job).end?.status).toBe('succeeded');
    expect(gateway.upstream.calls.map((call) => call.deployment.name)).toEqual(['sweden', 'eastus']);
    gateway.expectSound();
  });

  it('fails when the content filter refuses it there: its own would too', async () => {
    const job = await gateway.accept();
    withPoolOut();
    gateway.upstream.script('sweden', refusal(400, 'content_filter'));
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    expect(gateway.job(job).end?.status).toBe('failed');
  });

  it('books a fallback call whose outcome nobody knows on the model that was called', async () => {
    const job = await gateway.accept();
    withPoolOut();
    gateway.upstream.script('sweden', fault('reset', true));
    await gateway.finish(gateway.wake(job));
    await gateway.deliverAll();
    expect(gateway.usage(job).map(({ model, outcome }) => [model, outcome])).toEqual([
      [other, 'unknown'],
      [asked, 'succeeded'],
    ]);
  });

  it('waits where its team has no fallback', async () => {
    const job = await gateway.accept({ team: 'support' });
    withPoolOut();
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.liveRow(job)?.trail.at(-1)).toMatchObject({ type: 'deferred', reason: 'breaker' });
    expect(gateway.upstream.calls).toEqual([]);
  });

  it('waits when it is for embeddings: vectors of two models cannot be compared', async () => {
    const model = 'text-embedding-3-small';
    const job = await gateway.accept({ model, endpoint: '/v1/embeddings', body: { model, input: 'a weir' } });
    expect(findFallback(gateway.config, job)).toBeNull();
    withPoolOut();
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.upstream.calls).toEqual([]);
    const large = 'text-embedding-3-large';
    const pools = [...config.pools, { model: large, deployments: [{ ...deployment, name: 'sweden' }] }];
    const teams = [{ id: 'search', models: [model], fallbackModel: large }];
    expect(findFallback(exampleConfig({ pools, teams }), job)).toBeNull();
  });

  it('stays with its model while that only lacks quota', async () => {
    const job = await gateway.accept();
    gateway.capacity.script({ ...out, reason: 'tpm', untilMs: gateway.clock.now() + 5000 });
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.capacity.requests.map((request) => request.model)).toEqual([asked]);
  });

  it('is accounted right when the worker dies during a fallback call', async () => {
    const job = await gateway.accept();
    withPoolOut();
    gateway.upstream.script('sweden', () => new Promise(() => {}));
    void gateway.wake(job);
    await gateway.clock.advance(500);
    const row = openTeam(gateway.state, job.team).live.get(job.id);
    if (row === undefined) throw new Error('The job is not live.');
    expect(await rescueJob(gateway.ports, job, row)).toBe('rescued');
    const [lost] = gateway.usage(job);
    expect(lost).toMatchObject({ model: other, deployment: 'sweden', outcome: 'unknown' });
    expect(lost?.priceId).toContain(other);
  });
});
