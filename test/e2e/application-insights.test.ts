import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeIngestion, startFakeIngestion } from '../support/fake-ingestion.ts';

const adapter = resolve('src/core/adapters/application-insights/telemetry.ts');
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

let ingestion: FakeIngestion;

beforeAll(async () => {
  ingestion = await startFakeIngestion();
});

beforeEach(() => {
  ingestion.received.length = 0;
  ingestion.paths.clear();
});

afterAll(() => ingestion.stop());

/** Runs a script with the adapter, in a process of its own: the SDK is one per process and reads the environment. */
async function run(connectionString: string, script: string) {
  const source = `
    import { ApplicationInsightsTelemetry } from ${JSON.stringify(adapter)};
    const warnings = [];
    const telemetry = new ApplicationInsightsTelemetry({
      connectionString: ${JSON.stringify(connectionString)}, keepsOffline: false, environment: process.env, warn: (line) => warnings.push(line),
    });
    const traceparent = '00-${traceId}-${spanId}-01';
    const usage = { inputTokens: 210, cachedInputTokens: 10, outputTokens: 40, reasoningTokens: 3 };
    const traced = (jobId) => ({ atMs: Date.now(), traceparent, team: 'search', jobId });
    const job = (jobId) => ({ ...traced(jobId), type: 'job', status: 'succeeded', model: 'gpt-4.1-mini', lane: 'bulk', attempts: 1, usage,
      costNanoUsd: 465400, queueMs: 12, latencyMs: 812, errorCode: null });
    const attempt = (jobId, statusCode, outcome, errorCode) => ({ ...traced(jobId), type: 'attempt', attempt: 2, model: 'gpt-4.1-mini',
      endpoint: '/v1/chat/completions', deployment: 'eastus-1', region: 'eastus', target: 'e.openai.azure.com', statusCode, outcome, errorCode,
      usage, costNanoUsd: 465400, latencyMs: 700 });
    ${script}
    console.log(JSON.stringify({ warnings }));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: ingestion.certificateFile, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  const last = output.stdout.trim().split('\n').at(-1) ?? '{}';
  return { code, ...output, result: JSON.parse(last) as { warnings: string[]; [name: string]: unknown } };
}

const events = (name: string) =>
  ingestion.received.filter((one) => one.data.baseType === 'EventData' && one.data.baseData['name'] === name);
const dependencies = () => ingestion.received.filter((one) => one.data.baseType === 'RemoteDependencyData');

describe('Application Insights', () => {
  it('receives one event per job and attempt and one dependency per attempt, in one trace', async () => {
    const { code, result } = await run(
      ingestion.connectionString,
      `for (let index = 0; index < 50; index += 1) {
         telemetry.track(attempt('job_' + index, 200, 'succeeded', null));
         telemetry.track(job('job_' + index));
       }
       await telemetry.flush();
       await telemetry.close();`,
    );
    expect([code, result.warnings]).toEqual([0, []]);
    expect([events('weir.job').length, events('weir.attempt').length, dependencies().length]).toEqual([50, 50, 50]);
    expect(ingestion.received).toHaveLength(150);
    expect(new Set(ingestion.received.map((one) => one.tags['ai.operation.id']))).toEqual(new Set([traceId]));
    expect(new Set(ingestion.received.map((one) => one.tags['ai.operation.parentId']))).toEqual(new Set([spanId]));
    expect([...ingestion.paths].every((path) => path.startsWith('/v2.1/track'))).toBe(true);

    expect(events('weir.job')[0]?.data.baseData).toMatchObject({
      properties: { team: 'search', jobId: 'job_0', status: 'succeeded', model: 'gpt-4.1-mini', lane: 'bulk' },
      measurements: {
        attempts: 1,
        inputTokens: 210,
        cachedInputTokens: 10,
        outputTokens: 40,
        reasoningTokens: 3,
        costNanoUsd: 465400,
        queueMs: 12,
        latencyMs: 812,
      },
    });
    expect(events('weir.attempt')[0]?.data.baseData).toMatchObject({
      properties: { deployment: 'eastus-1', region: 'eastus', statusCode: '200', outcome: 'succeeded' },
      measurements: { inputTokens: 210, latencyMs: 700 },
    });
    expect(dependencies()[0]?.data.baseData).toMatchObject({
      target: 'e.openai.azure.com',
      resultCode: '200',
      success: true,
      duration: '00:00:00.700',
      data: 'https://e.openai.azure.com/openai/v1/chat/completions',
    });
  });

  it('tells failures, deferrals and notices apart', async () => {
    await run(
      ingestion.connectionString,
      `telemetry.track(attempt('job_1', 503, 'failed', 'server_error_503'));
       telemetry.track(attempt('job_2', 429, 'throttled', 'throttled_tokens'));
       telemetry.track(attempt('job_3', null, 'unknown', 'connection_reset'));
       telemetry.track({ type: 'notice', atMs: Date.now(), level: 'error', name: 'breaker_opened', message: 'eastus is out', fields: { deployment: 'eastus', failures: 5 } });
       await telemetry.flush();
       await telemetry.close();`,
    );
    const success = dependencies().map(({ data }) => [data.baseData['resultCode'], data.baseData['success']]);
    expect(success).toEqual([
      ['503', false],
      ['429', true],
      ['0', false],
    ]);
    expect(events('weir.attempt')[2]?.data.baseData['properties']).not.toHaveProperty('statusCode');
    expect(events('weir.notice')[0]?.data.baseData).toMatchObject({
      properties: { name: 'breaker_opened', level: 'error', deployment: 'eastus', message: 'eastus is out' },
      measurements: { failures: 5 },
    });
  });

  it('fault 32: queues events without waiting and closes by itself when the endpoint is down', async () => {
    const { code, result } = await run(
      'InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://localhost:1/',
      `const turns = { count: 0 };
       setImmediate(() => { turns.count += 1; });
       const answers = new Set();
       for (let index = 0; index < 5000; index += 1) answers.add(telemetry.track(attempt('job_' + index, 200, 'succeeded', null)));
       const turnsWhileTracking = turns.count;
       await telemetry.flush();
       await telemetry.close();
       console.log(JSON.stringify({ warnings, turnsWhileTracking, answers: [...answers].map(String) }));
       process.exit(0);`,
    );
    // An endless flush or close runs into the test's own time limit.
    expect([code, result['turnsWhileTracking'], result['answers']]).toEqual([0, 0, ['undefined']]);
  });

  it('says once that it is off when the connection string is no good, and never throws', async () => {
    const { code, result } = await run(
      'rubbish',
      `for (let index = 0; index < 10; index += 1) telemetry.track(job('job_' + index));
       await telemetry.flush();
       telemetry.track(job('job_late'));
       await telemetry.flush();
       await telemetry.close();`,
    );
    expect([code, result.warnings.length]).toEqual([0, 1]);
    expect(ingestion.received).toHaveLength(0);
  });
});
