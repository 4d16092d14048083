import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const nodeBinary = resolve('node_modules/.bin/node');
const fixture = resolve('test/fixtures/local-host-app');
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

interface Host {
  process: ChildProcess;
  url: string;
  output(): string;
  trail(): Record<string, unknown>[];
}

const running = new Set<ChildProcess>();
let folder = '';
let azurite: ChildProcess | undefined;
let storage = '';
let queueNumber = 0;

async function waitFor<T>(find: () => T | undefined | false, what: string, limitMs = 120_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return () => text;
}

function spawnHost(
  environment: Record<string, string>,
  args: string[] = [],
): { child: ChildProcess; output: () => string } {
  const trail = join(folder, `trail-${running.size}-${Math.random()}.jsonl`);
  const child = spawn(
    nodeBinary,
    ['tools/local-host/main.ts', '--port', '0', '--root', fixture, '--verbose', ...args],
    {
      env: {
        PATH: process.env['PATH'],
        FIXTURE_SCHEDULE: '0 0 0 1 1 *',
        FIXTURE_TRAIL: trail,
        ...environment,
      },
    },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { child, output: collect(child) };
}

async function startHost(environment: Record<string, string> = {}, args: string[] = []): Promise<Host> {
  const trailFile = join(folder, `trail-${Math.random()}.jsonl`);
  const { child, output } = spawnHost({ FIXTURE_TRAIL: trailFile, ...environment }, args);
  const url = await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`the host ended: ${output()}`);
    return /Host ready at (\S+)/.exec(output())?.[1];
  }, 'the host');
  const trail = () =>
    existsSync(trailFile)
      ? readFileSync(trailFile, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line): Record<string, unknown> => JSON.parse(line))
      : [];
  return { process: child, url, output, trail };
}

async function stop(host: Host, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  host.process.kill(signal);
  if (host.process.exitCode === null) await once(host.process, 'exit');
  return host.process.exitCode;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-host-'));
  const args = ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  const ports = ['--blobPort', '0', '--queuePort', '0', '--tablePort', '0'];
  azurite = spawn(nodeBinary, ['node_modules/azurite/dist/src/azurite.js', ...args, ...ports]);
  const output = collect(azurite);
  const queueUrl = await waitFor(
    () => /Queue service is successfully listening at (\S+)/.exec(output())?.[1],
    'Azurite',
  );
  storage = `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};QueueEndpoint=${queueUrl}/devstoreaccount1`;
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(async () => {
  if (azurite !== undefined && azurite.exitCode === null) {
    azurite.kill('SIGTERM');
    await once(azurite, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('HTTP', () => {
  it('serves the functions of the app by route and method, as the real host does', async () => {
    const { url } = await startHost();
    const response = await fetch(`${url}/items/a%20b/kind?api-version=1&q=2&q=3`, {
      method: 'POST',
      body: 'grüezi',
      headers: { 'x-probe': 'p', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-fixture')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['crumb=a%20b; HttpOnly; SameSite=Lax']);
    expect(await response.json()).toMatchObject({
      params: { id: 'a b', kind: 'kind', 'api-version': '1' },
      text: 'grüezi',
      agent: 'p',
      traceParent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-/),
    });
    const read = async (path: string, init?: RequestInit) => {
      const answer = await fetch(url + path, init);
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await read('/items/special')).toBe('200 special');
    expect(await read('/items/42')).toBe('200 number 42');
    expect(await read('/files/a/b')).toBe('200 a/b');
    expect(await read('/nothing')).toBe('200 ');
    expect(await read('/broken')).toBe('500 ');
    expect(await read('/unknown')).toBe('404 ');
    expect(await read('/items/special', { method: 'DELETE' })).toBe('404 ');
  });

  it('tells its state and its functions to tools', async () => {
    const { url } = await startHost();
    expect(await (await fetch(`${url}/admin/host/status`)).json()).toMatchObject({ state: 'Running' });
    const functions = (await (await fetch(`${url}/admin/functions`)).json()) as { name: string }[];
    expect(functions.map((fn) => fn.name)).toContain('echo');
  });

  it('refuses a body over 100 MB before it is read', async () => {
    const { url } = await startHost();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST /items/x HTTP/1.1\r\nhost: a\r\ncontent-length: 104857601\r\n\r\n');
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('survives a client that leaves in the middle of its request, without invoking', async () => {
    const host = await startHost();
    const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
    socket.write('POST /items/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nabc');
    await waitFor(() => host.output().includes('POST /items/x'), 'the request');
    socket.destroy();
    await waitFor(() => host.output().includes('the client left'), 'its end');
    expect((await fetch(`${host.url}/items/special`)).status).toBe(200);
    expect(host.trail().filter((event) => event['name'] === 'echo')).toEqual([]);
  });

  it('streams an answer piece by piece when the app asks for streaming', async () => {
    const { url } = await startHost({ FIXTURE_STREAMS: 'true' });
    const response = await fetch(`${url}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    const echoed = await fetch(`${url}/items/1/k?q=2`, { method: 'POST', body: 'x'.repeat(200_000) });
    expect(await echoed.json()).toMatchObject({ params: { id: '1', q: '2' }, text: 'x'.repeat(200_000) });
  });

  it('leaves the caller of a failed streaming handler without any answer, loudly', async () => {
    const host = await startHost({ FIXTURE_STREAMS: 'true' });
    await expect(fetch(`${host.url}/broken`, { signal: AbortSignal.timeout(500) })).rejects.toThrow(/timeout/i);
    await waitFor(() => host.output().includes('gets NO answer'), 'the complaint');
  });
});

describe('queues', () => {
  async function startWorking(environment: Record<string, string> = {}) {
    queueNumber += 1;
    const name = `work${queueNumber}`;
    const service = QueueServiceClient.fromConnectionString(storage);
    const queue = service.getQueueClient(name);
    const host = await startHost({ AzureWebJobsStorage: storage, FIXTURE_QUEUE: name, ...environment });
    const send = (value: unknown) => queue.sendMessage(Buffer.from(JSON.stringify(value)).toString('base64'));
    return { host, queue, send, poison: service.getQueueClient(`${name}-poison`) };
  }

  async function countMessages(queue: {
    getProperties(): Promise<{ approximateMessagesCount?: number }>;
  }): Promise<number> {
    return (await queue.getProperties()).approximateMessagesCount ?? 0;
  }

  it('waits for a queue that does not exist yet, then works on its messages and deletes them', async () => {
    const { host, queue, send } = await startWorking();
    await queue.create();
    await send({ n: 1 });
    await waitFor(() => host.trail().some((event) => event['at'] === 'end'), 'the message');
    expect(host.trail().find((event) => event['at'] === 'start')).toMatchObject({
      queue: { n: 1 },
      metadata: { dequeueCount: 1, queueTrigger: { n: 1 } },
    });
    await stop(host);
    expect(await countMessages(queue)).toBe(0);
    expect(host.output()).not.toContain('error');
  });

  it('moves a message to the poison queue after maxDequeueCount failures, and an undecodable one at once', async () => {
    const { host, queue, send, poison } = await startWorking();
    await queue.create();
    await send({ n: 2, fail: true });
    await queue.sendMessage('{');
    await waitFor(
      () => (host.output().match(/Moving message to queue|is not processed/g) ?? []).length === 2,
      'poison',
    );
    await stop(host);
    const texts = (await poison.peekMessages({ numberOfMessages: 5 })).peekedMessageItems.map(
      (item) => item.messageText,
    );
    expect(texts.sort()).toEqual([Buffer.from('{"n":2,"fail":true}').toString('base64'), '{'].sort());
    expect(host.trail().filter((event) => event['at'] === 'start')).toHaveLength(2);
    expect(await countMessages(queue)).toBe(0);
  });

  it('works on at most batchSize + newBatchThreshold messages at once', async () => {
    const { host, queue, send } = await startWorking();
    await queue.create();
    for (let n = 0; n < 14; n += 1) await send({ n, sleepMs: 300 });
    await waitFor(() => host.trail().filter((event) => event['at'] === 'end').length === 14, 'all messages');
    let atOnce = 0;
    let most = 0;
    for (const event of host.trail()) {
      if (event['at'] === 'start') atOnce += 1;
      if (event['at'] === 'end') atOnce -= 1;
      most = Math.max(most, atOnce);
    }
    // 4 + 2 by the fixture's host.json.
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(6);
  });

  it('finishes and deletes what it works on after SIGTERM, and takes nothing new', async () => {
    const { host, queue, send } = await startWorking();
    await queue.create();
    await send({ n: 1, sleepMs: 800 });
    await waitFor(() => host.trail().some((event) => event['at'] === 'start'), 'the message');
    const stopped = stop(host);
    await waitFor(() => host.trail().some((event) => event['hook'] === 'appTerminate'), 'the hook');
    await waitFor(() => host.output().includes('is polled no more'), 'the end of polling');
    await send({ n: 2 });
    expect(await stopped).toBe(0);
    expect(host.trail().filter((event) => 'queue' in event && event['at'] === 'end')).toMatchObject([
      { queue: { n: 1 } },
    ]);
    expect(await countMessages(queue)).toBe(1);
  });
});

describe('timers and hooks', () => {
  it('fires a timer on its schedule and runs the hooks around it', async () => {
    const host = await startHost({ FIXTURE_SCHEDULE: '* * * * * *' });
    await waitFor(() => host.trail().some((event) => event['hook'] === 'postInvocation'), 'the timer');
    expect(host.trail()[0]).toEqual({ hook: 'appStart' });
    expect(host.trail()).toContainEqual({
      timer: { schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false },
      name: 'tick',
    });
    expect(host.trail()).toContainEqual({ hook: 'postInvocation', name: 'tick', order: ['pre'], failed: false });
  });

  it('runs a timer when it is asked to', async () => {
    const host = await startHost();
    const response = await fetch(`${host.url}/admin/functions/tick`, { method: 'POST', body: '{"input":""}' });
    expect(response.status).toBe(202);
    await waitFor(() => host.trail().some((event) => event['name'] === 'tick'), 'the timer');
  });

  it('leaves a disabled function alone', async () => {
    const host = await startHost({ AzureWebJobs__special__Disabled: 'true' });
    expect((await fetch(`${host.url}/items/special`)).status).toBe(201);
  });

  it('lets log hooks change a line of the app', async () => {
    const host = await startHost();
    await fetch(`${host.url}/items/1/k`);
    await waitFor(() => host.output().includes('a hidden in echo'), 'the line');
    expect(host.output()).not.toContain('secret');
  });
});

describe('start and stop', () => {
  it('lets an HTTP call finish after SIGTERM and refuses new ones', async () => {
    const host = await startHost();
    const slow = fetch(`${host.url}/slow?ms=700`);
    await waitFor(() => host.output().includes("Executing 'Functions.slow'"), 'the call');
    const stopped = stop(host);
    await waitFor(() => host.output().includes('SIGTERM'), 'the signal');
    await expect(fetch(`${host.url}/items/special`)).rejects.toThrow();
    expect(await (await slow).text()).toBe('slow');
    expect(await stopped).toBe(0);
  });

  it('gives up on work that outlasts the grace, and says so', async () => {
    const host = await startHost({}, ['--grace-seconds', '0.3']);
    const slow = fetch(`${host.url}/slow?ms=60000`).catch(() => 'broken');
    await waitFor(() => host.output().includes("Executing 'Functions.slow'"), 'the call');
    expect(await stop(host, 'SIGINT')).toBe(0);
    expect(await slow).toBe('broken');
    expect(host.output()).toContain('1 invocation(s) not finished');
  });

  it.each([
    ['an app that does not load', { FIXTURE_FAILS_TO_LOAD: 'true' }, [], /the fixture was told not to load/],
    ['a missing setting', { AzureWebJobsStorage: 'UseDevelopmentStorage=true' }, [], /%FIXTURE_QUEUE%/],
    ['a schedule that is none', { FIXTURE_SCHEDULE: '00:05:00' }, [], /TimeSpan/],
    ['host.json out of range', { AzureFunctionsJobHost__extensions__queues__batchSize: '99' }, [], /batchSize is 99/],
    ['an unknown option', {}, ['--bogus'], /--bogus/],
  ])('exits with 1 and a plain message for %s', async (_case, environment, args, message) => {
    const { child, output } = spawnHost(environment, args);
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(output()).toMatch(message);
  });

  it('names a port that is taken', async () => {
    const host = await startHost();
    const { child, output } = spawnHost({}, ['--port', new URL(host.url).port]);
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(output()).toContain(`Port ${new URL(host.url).port} is unavailable`);
  });
});
