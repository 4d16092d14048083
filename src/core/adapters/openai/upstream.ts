import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { DeploymentConfig } from '../../config/config-schema.ts';
import type { Upstream, UpstreamOutcome, UpstreamRequest } from '../../routing/upstream.ts';
import { DeploymentClients, type UpstreamCredentials } from './deployment-clients.ts';
import { readFilteredCategories } from './filtered-categories.ts';
import { type ExchangeProgress, openExchange } from './open-exchange.ts';
import { TransportFault } from './transport-fault.ts';

export interface OpenAIUpstreamOptions extends UpstreamCredentials {
  /** Answers beyond this are not read to their end. */
  readonly maxAnswerBytes?: number;
}

/** 2,048 embeddings of 1,536 numbers come to about 37 MB of JSON; a chat answer never comes near. */
export const defaultMaxAnswerBytes = 48 * 1024 * 1024;

// Azure's front closes idle connections after four minutes; a socket we might find closed is worth less than a handshake.
const agentOptions = { keepAlive: true, timeout: 60_000, maxFreeSockets: 64 };

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Upstream over the package `openai`, which forms and signs the request (v1 route, key or identity token). One call,
 * no retries, no redirects; whatever network or service do is in the outcome.
 */
export class OpenAIUpstream implements Upstream {
  private readonly agents = { plain: new Agent(agentOptions), secure: new SecureAgent(agentOptions) };
  private readonly clients: DeploymentClients;
  private readonly maxAnswerBytes: number;

  constructor(options: OpenAIUpstreamOptions) {
    this.clients = new DeploymentClients(options);
    this.maxAnswerBytes = options.maxAnswerBytes ?? defaultMaxAnswerBytes;
  }

  prepare(deployment: DeploymentConfig): Promise<boolean> {
    return this.clients.prepare(deployment);
  }

  async call(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome> {
    const startedAt = performance.now();
    const progress: ExchangeProgress = { sent: false, statusCode: null, firstByteMs: null };
    const latencyMs = () => Math.round(performance.now() - startedAt);
    const unanswered = (fault: TransportFault['fault']): UpstreamOutcome => {
      const { sent, statusCode } = progress;
      return { kind: 'unanswered', fault, sent, statusCode, latencyMs: latencyMs() };
    };
    try {
      const answer = await this.exchange(request, progress, signal);
      return judgeText(answer, Math.round(progress.firstByteMs ?? 0), latencyMs(), unanswered);
    } catch (error) {
      return unanswered(readFault(error, signal));
    }
  }

  /** Closes idle connections; calls in flight are cut. */
  close(): void {
    this.agents.plain.destroy();
    this.agents.secure.destroy();
  }

  private async exchange(request: UpstreamRequest, progress: ExchangeProgress, signal: AbortSignal): Promise<Answer> {
    const { connectMs, firstByteMs, totalMs } = request;
    const limits = { connectMs, firstByteMs, totalMs, maxAnswerBytes: this.maxAnswerBytes };
    const came: Answer[] = [];
    const send = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      if (url instanceof Request || typeof init?.body !== 'string') {
        throw new TypeError('The SDK changed how it sends JSON');
      }
      const wire = {
        url: new URL(url),
        method: init.method ?? 'POST',
        headers: Object.fromEntries(new Headers(init.headers)),
        body: init.body,
      };
      const { statusCode, headers, body } = await openExchange(wire, this.agents, limits, progress, signal);
      const text = await collect(body);
      came.push({ statusCode, headers, text });
      return toResponse(statusCode, text);
    };
    const client = (await this.clients.get(request.deployment)).withOptions({ fetch: send });
    const call = client
      .post(request.endpoint.slice('/v1'.length), {
        body: { ...request.body, model: request.deployment.deployment },
        headers: {
          traceparent: request.traceparent,
          'x-ms-client-request-id': `${request.jobId}-${request.attempt}`,
          'x-weir-job': request.jobId,
          'x-weir-attempt': String(request.attempt),
        },
        signal,
        // The exchange keeps the limits and knows which one was passed; the SDK's own clock must never win.
        timeout: totalMs + 60_000,
      })
      .asResponse();
    // For 4xx and 5xx the SDK throws, though the answer came whole.
    const failure = await call.then(
      () => new Error('The SDK resolved without making the call'),
      (error: unknown) => error,
    );
    const [answer] = came;
    if (answer === undefined) throw failure;
    return answer;
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The SDK looks at the status alone. A Response takes 200–599 only, and no body with 204, 205 and 304. */
function toResponse(statusCode: number, text: string): Response {
  const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 502;
  return new Response([204, 205, 304].includes(status) ? null : text, { status });
}

function judgeText(
  answer: Answer,
  firstByteMs: number,
  latencyMs: number,
  unanswered: (fault: 'not_json') => UpstreamOutcome,
): UpstreamOutcome {
  const { statusCode, headers, text } = answer;
  const body = parseJson(text);
  // A refusal is told by its status, whatever its body; a success without JSON is none.
  if (body === undefined && statusCode >= 200 && statusCode < 300) return unanswered('not_json');
  const requestId = headers['apim-request-id'] ?? headers['x-request-id'] ?? headers['x-ms-request-id'] ?? null;
  const answered = {
    kind: 'answered',
    statusCode,
    headers,
    requestId,
    body: body ?? null,
    text,
    firstByteMs,
    latencyMs,
  } as const;
  const filteredCategories = readFilteredCategories(body);
  return filteredCategories.length > 0 ? { ...answered, filteredCategories } : answered;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The SDK wraps what its fetch or its key function threw. Anything else is a fault of the program and goes on, without its
 * own text: the SDK quotes header values, and a credential is one of them.
 */
function readFault(error: unknown, signal: AbortSignal): TransportFault['fault'] {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TransportFault) return cause.fault;
  }
  if (signal.aborted) return 'aborted';
  throw new Error(`The call could not be formed (${error instanceof Error ? error.name : typeof error}).`);
}
