import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Application } from '../../core/composition/build-application.ts';
import { getApplication } from '../../core/composition/lifecycle.ts';
import { checkBodySize } from '../../core/http/read-body.ts';
import type { Principal } from '../../core/identity/principal.ts';
import { openTrace } from '../../core/telemetry/traceparent.ts';
import { refuse } from './refuse.ts';
import { securityHeaders } from './security-headers.ts';

/** One authenticated request as a route sees it. */
export interface ApiCall {
  readonly principal: Principal;
  readonly application: Application;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  /** W3C trace context of this request, the caller's or a new one. */
  readonly traceparent: string;
  /** A route's parameter; the host mixes the query's values into its own. */
  param(name: string): string | undefined;
  header(name: string): string | null;
  /** The body's bytes, refused over `maxBodyBytes` before anyone parses them. */
  readBody(): Promise<Uint8Array>;
}

export interface ApiReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Route = (call: ApiCall) => Promise<ApiReply>;

/**
 * Wraps a route: who is asking, then the route, then its reply as JSON with `x-request-id`. Whatever is thrown becomes an
 * error in OpenAI's shape: with streaming on, a handler that throws would leave its caller without an answer.
 */
export function serve(route: Route): HttpHandler {
  return async (request, context) => {
    const requestId = context.invocationId;
    let application: Application | null = null;
    try {
      application = await getApplication();
      const principal = await application.authenticate(request.headers);
      const reply = await route(openCall(application, principal, request, context));
      return respond(requestId, reply);
    } catch (error) {
      const refusal = refuse(error, {
        route: nameRoute(request, context),
        unserved: application?.ports.unserved ?? null,
        logError: (text) => context.error(text),
      });
      return respond(requestId, refusal);
    }
  };
}

/** As registered: a path would tell which job it was, and be another one each time. */
function nameRoute({ method }: HttpRequest, { options, functionName }: InvocationContext): string {
  const { route } = options.trigger;
  return typeof route === 'string' ? `${method} /${route}` : functionName;
}

function openCall(
  application: Application,
  principal: Principal,
  request: HttpRequest,
  context: InvocationContext,
): ApiCall {
  const { ports } = application;
  return {
    principal,
    application,
    request,
    query: new URL(request.url).searchParams,
    traceparent: openTrace(
      request.headers.get('traceparent') ?? context.traceContext?.traceParent ?? null,
      ports.random,
    ),
    param: (name) => request.params[name],
    header: (name) => request.headers.get(name),
    readBody: async () => {
      const { maxBodyBytes } = ports.config.current().limits;
      const announced = Number(request.headers.get('content-length') ?? 0);
      const tooLarge = checkBodySize(announced, maxBodyBytes);
      if (tooLarge !== null) throw tooLarge;
      return new Uint8Array(await request.arrayBuffer());
    },
  };
}

function respond(requestId: string, reply: ApiReply): HttpResponseInit {
  return {
    status: reply.status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...securityHeaders,
      ...reply.headers,
      'x-request-id': requestId,
    },
    body: JSON.stringify(reply.body),
  };
}
