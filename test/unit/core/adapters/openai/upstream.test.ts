import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { OpenAIUpstream, type OpenAIUpstreamOptions } from '../../../../../src/core/adapters/openai/upstream.ts';
import type { DeploymentConfig } from '../../../../../src/core/config/config-schema.ts';
import type { UpstreamRequest } from '../../../../../src/core/routing/upstream.ts';

const chat = {
  id: 'x',
  choices: [{ index: 0, message: { role: 'assistant', content: 'grüße' }, finish_reason: 'stop' }],
};
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close(resolve);
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** A server that reads the whole request and then plays `answer`. */
async function serve(answer: (request: Received, response: ServerResponse) => void) {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    received.push(entry);
    answer(entry, response);
  };
  const port = await listen(createServer(listener));
  return { received, endpoint: `http://127.0.0.1:${port}` };
}

/** A raw TCP server, for what no HTTP server would do. */
async function serveRaw(onData: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => onData(socket));
  });
  const port = await listen(server);
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${port}`;
}

function deployment(endpoint: string, more: Partial<DeploymentConfig> = {}): DeploymentConfig {
  return {
    name: 'eastus',
    region: 'eastus',
    endpoint,
    deployment: 'Wire-Name',
    sku: 'GlobalStandard',
    priority: 1,
    tokensPerMinute: 1000,
    requestsPerMinute: 60,
    requestWindowSeconds: 10,
    apiKeySetting: 'KEY',
    spill: null,
    paused: false,
    ...more,
  };
}

function make(options: Partial<OpenAIUpstreamOptions> = {}) {
  const upstream = new OpenAIUpstream({
    settings: { KEY: 'secret-key' },
    token: async () => 'entra-token',
    ...options,
  });
  cleanups.push(() => upstream.close());
  return upstream;
}

function ask(endpoint: string | DeploymentConfig, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    deployment: typeof endpoint === 'string' ? deployment(endpoint) : endpoint,
    endpoint: '/v1/chat/completions',
    body: { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hello' }], unknown_field: { kept: true } },
    jobId: 'job_1',
    attempt: 2,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    connectMs: 60_000,
    firstByteMs: 60_000,
    totalMs: 120_000,
    ...more,
  };
}

const call = (request: UpstreamRequest, upstream = make(), signal = new AbortController().signal) =>
  upstream.call(request, signal);

describe('a call that is answered', () => {
  it('carries the deployment name, its own headers and nothing else', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify(chat)));
    await call(ask(`${server.endpoint}/`));
    const { method, url, headers, body } = server.received[0]!;
    expect([method, url]).toEqual(['POST', '/openai/v1/chat/completions']);
    expect(JSON.parse(body)).toEqual({
      model: 'Wire-Name',
      messages: [{ role: 'user', content: 'hello' }],
      unknown_field: { kept: true },
    });
    const { host, connection, 'content-length': length, ...own } = headers;
    expect([host, connection, Number(length)]).toEqual([
      server.endpoint.slice('http://'.length),
      'keep-alive',
      Buffer.byteLength(body),
    ]);
    expect(own).toEqual({
      'api-key': 'secret-key',
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'weir',
      'x-ms-client-request-id': 'job_1-2',
      'x-weir-job': 'job_1',
      'x-weir-attempt': '2',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
  });

  it.each([
    ['/v1/responses', '/openai/v1/responses'],
    ['/v1/embeddings', '/openai/v1/embeddings'],
  ] as const)('goes for %s to %s', async (endpoint, path) => {
    const server = await serve((_, response) => response.end('{}'));
    await call(ask(server.endpoint, { endpoint }));
    expect(server.received[0]!.url).toBe(path);
  });

  it('signs with the identity token where no key is set', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify(chat)));
    await call(ask(deployment(server.endpoint, { apiKeySetting: null })));
    expect(server.received[0]!.headers).toMatchObject({ authorization: 'Bearer entra-token' });
    expect(server.received[0]!.headers['api-key']).toBeUndefined();
  });

  it('keeps the text as it came, the headers and the request id', async () => {
    const text = ` ${JSON.stringify(chat, null, 3)}\n`;
    const server = await serve((_, response) =>
      response.setHeader('apim-request-id', 'apim-1').setHeader('X-RateLimit-Remaining-Tokens', '7').end(text),
    );
    expect(await call(ask(server.endpoint))).toMatchObject({
      kind: 'answered',
      statusCode: 200,
      requestId: 'apim-1',
      text,
      body: chat,
      headers: { 'x-ratelimit-remaining-tokens': '7' },
    });
  });

  it('decodes characters that are cut between chunks', async () => {
    const bytes = Buffer.from(JSON.stringify(chat));
    const cut = bytes.indexOf(Buffer.from('ü')) + 1;
    const server = await serve((_, response) => {
      response.write(bytes.subarray(0, cut));
      setImmediate(() => response.end(bytes.subarray(cut)));
    });
    expect(await call(ask(server.endpoint))).toMatchObject({ kind: 'answered', body: chat });
  });

  it.each([400, 401, 403, 404, 408, 409, 422, 429, 500, 503])(
    'with %i is told whole, and is made once',
    async (statusCode) => {
      const body = { error: { code: 'x', message: 'why' } };
      const server = await serve((_, response) =>
        response.writeHead(statusCode, { 'retry-after': '3', 'x-should-retry': 'true' }).end(JSON.stringify(body)),
      );
      expect(await call(ask(server.endpoint))).toMatchObject({
        kind: 'answered',
        statusCode,
        body,
        text: JSON.stringify(body),
        headers: { 'retry-after': '3' },
      });
      expect(server.received).toHaveLength(1);
    },
  );

  it('tells which categories the content filter met', async () => {
    const body = {
      error: { code: 'content_filter', innererror: { content_filter_result: { violence: { filtered: true } } } },
    };
    const server = await serve((_, response) => response.writeHead(400).end(JSON.stringify(body)));
    expect(await call(ask(server.endpoint))).toMatchObject({ statusCode: 400, filteredCategories: ['violence'] });
  });

  it('with an HTML 503 keeps the status', async () => {
    const server = await serve((_, response) => response.writeHead(503).end('<html>'));
    expect(await call(ask(server.endpoint))).toMatchObject({
      kind: 'answered',
      statusCode: 503,
      body: null,
      text: '<html>',
    });
  });

  it.each([301, 302, 307, 308])('with a redirect (%i) is not followed', async (statusCode) => {
    const server = await serve((request, response) => {
      if (request.url === '/elsewhere') response.end(JSON.stringify(chat));
      else response.writeHead(statusCode, { location: '/elsewhere' }).end();
    });
    expect(await call(ask(server.endpoint))).toMatchObject({ kind: 'answered', statusCode });
    expect(server.received).toHaveLength(1);
  });

  it.each([204, 304, 999])('with the odd status %i does not throw', async (statusCode) => {
    const server = await serveRaw((socket) => socket.end(`HTTP/1.1 ${statusCode} odd\r\ncontent-length: 0\r\n\r\n`));
    expect(await call(ask(server))).toMatchObject({ statusCode });
  });

  it('reuses the connection', async () => {
    const ports = new Set<number | undefined>();
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().once('end', () => response.end(JSON.stringify(chat)));
    });
    const endpoint = `http://127.0.0.1:${await listen(server)}`;
    const upstream = make();
    const one = deployment(endpoint);
    for (let count = 0; count < 3; count += 1) await call(ask(one), upstream);
    expect(ports.size).toBe(1);
  });
});

describe('a call that is not answered', () => {
  it('is a DNS fault, nothing sent, when the name does not resolve', async () => {
    expect(await call(ask('https://no-such-host.invalid'))).toMatchObject({
      kind: 'unanswered',
      fault: 'dns',
      sent: false,
      statusCode: null,
    });
  });

  it('is a connect fault when nobody listens', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await call(ask(`http://127.0.0.1:${port}`))).toMatchObject({ fault: 'connect', sent: false });
  });

  it('is a certificate fault when nobody vouches for the region', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weir-tls-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=localhost',
        '-days',
        '1',
        '-keyout',
        keyFile,
        '-out',
        certificateFile,
      ],
      { stdio: 'ignore' },
    );
    const server = createSecureServer(
      { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
      (_, response) => response.end('{}'),
    );
    expect(await call(ask(`https://127.0.0.1:${await listen(server)}`))).toMatchObject({
      fault: 'certificate',
      sent: false,
    });
  });

  it('times out on connecting when the handshake never comes', async () => {
    const silent = await serveRaw(() => undefined);
    expect(await call(ask(silent.replace('http:', 'https:'), { connectMs: 150 }))).toMatchObject({
      fault: 'connect_timeout',
      sent: false,
    });
  });

  it('fault 15: times out on the first byte when the region accepts and never answers', async () => {
    const server = await serve(() => undefined);
    expect(await call(ask(server.endpoint, { firstByteMs: 150 }))).toMatchObject({
      fault: 'first_byte_timeout',
      sent: true,
      statusCode: null,
    });
  });

  it('times out in all when the body drips', async () => {
    const server = await serve((_, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    expect(await call(ask(server.endpoint, { totalMs: 5000 }))).toMatchObject({
      fault: 'total_timeout',
      sent: true,
      statusCode: 200,
    });
  });

  it('is a reset, sent, when the connection breaks before the head', async () => {
    const server = await serveRaw((socket) => socket.resetAndDestroy());
    expect(await call(ask(server))).toMatchObject({ fault: 'reset', sent: true, statusCode: null });
  });

  it('is a reset, sent, when the connection is closed politely without an answer', async () => {
    const server = await serveRaw((socket) => socket.end());
    expect(await call(ask(server))).toMatchObject({ fault: 'reset', sent: true });
  });

  it.each([
    ['by length', 'content-length: 100\r\n\r\n{"id":'],
    ['by chunks', 'transfer-encoding: chunked\r\n\r\n6\r\n{"id":\r\n'],
  ])('is truncated when the body ends early (%s)', async (_, rest) => {
    const server = await serveRaw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    expect(await call(ask(server))).toMatchObject({ fault: 'truncated', sent: true, statusCode: 200 });
  });

  it('fault 16: is truncated when the connection is reset in the body', async () => {
    const server = await serve((_, response) => {
      response.write('{"id":', () => setImmediate(() => response.socket?.resetAndDestroy()));
    });
    expect(await call(ask(server.endpoint))).toMatchObject({ fault: 'truncated', sent: true, statusCode: 200 });
  });

  it.each([
    ['HTML', '<html></html>'],
    ['nothing', ''],
    ['cut JSON', '{"id": "x", "choices": ['],
  ])('is no JSON when a 200 holds %s', async (_, text) => {
    const server = await serve((__, response) => response.end(text));
    expect(await call(ask(server.endpoint))).toMatchObject({ fault: 'not_json', sent: true, statusCode: 200 });
  });

  it('is no JSON when what came is no HTTP', async () => {
    const server = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await call(ask(server))).toMatchObject({ fault: 'not_json', sent: true });
  });

  it.each([true, false])('is too large past the bound, declared: %s, and is cut off', async (isDeclared) => {
    let written = 0;
    const server = await serve((_, response) => {
      if (isDeclared) response.setHeader('content-length', 50_000_000);
      const chunk = Buffer.alloc(65_536, 32);
      const more = () => {
        while (written < 50_000_000 && response.write(chunk)) written += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    expect(await call(ask(server.endpoint), make({ maxAnswerBytes: 1_000_000 }))).toMatchObject({
      fault: 'too_large',
      sent: true,
      statusCode: 200,
    });
    expect(written).toBeLessThan(20_000_000);
  });

  it('is a credential fault, nothing sent, when the setting is missing or no token can be had', async () => {
    const server = await serve((_, response) => response.end('{}'));
    const upstream = make({ settings: {}, token: async () => Promise.reject(new Error('no identity')) });
    expect(await call(ask(server.endpoint), upstream)).toMatchObject({ fault: 'credential', sent: false });
    expect(await call(ask(deployment(server.endpoint, { apiKeySetting: null })), upstream)).toMatchObject({
      fault: 'credential',
      sent: false,
    });
    expect(server.received).toHaveLength(0);
  });

  it('is aborted, sent, when the caller ends it in the middle', async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort());
    expect(await call(ask(server.endpoint), make(), controller.signal)).toMatchObject({ fault: 'aborted', sent: true });
  });

  it('is aborted while the body comes', async () => {
    const controller = new AbortController();
    const server = await serve((_, response) => response.write('{"id":', () => setImmediate(() => controller.abort())));
    expect(await call(ask(server.endpoint), make(), controller.signal)).toMatchObject({ fault: 'aborted', sent: true });
  });

  it('is aborted, nothing sent, when the caller had ended it before', async () => {
    const server = await serve((_, response) => response.end('{}'));
    expect(await call(ask(server.endpoint), make(), AbortSignal.abort())).toMatchObject({
      fault: 'aborted',
      sent: false,
    });
    expect(server.received).toHaveLength(0);
  });
});
