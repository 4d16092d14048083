import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionApp, RegisteredFunction } from './function-app.ts';
import { readBody, writeEmpty } from './http-exchange.ts';
import type { Invoker } from './invocation.ts';
import { timerEvent } from './timer-listener.ts';

/** What the host's own endpoints tell about. */
export interface AdminParts {
  app: FunctionApp;
  invoker: Invoker;
  routePrefix: string;
  isDisabled(fn: RegisteredFunction): boolean;
}

const startedAt = Date.now();

/** Answers `/admin/host/status`, `/admin/host/ping`, `/admin/functions[/{name}]`; false for every other path. */
export async function answerAdmin(
  parts: AdminParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const [first, area, name, rest] = url.pathname.split('/').slice(1);
  if (first !== 'admin') return false;
  const isGet = request.method === 'GET';
  if (area === 'host' && name === 'status' && isGet) writeJson(response, 200, describeHost());
  else if (area === 'host' && name === 'ping') writeEmpty(response, 200);
  else if (area === 'functions' && name === undefined && isGet) {
    writeJson(
      response,
      200,
      [...parts.app.functions.values()].map((fn) => describeFunction(fn, parts)),
    );
  } else if (area === 'functions' && name !== undefined && rest === undefined) {
    await answerFunction(parts, request, response, name);
  } else writeEmpty(response, 404);
  return true;
}

async function answerFunction(parts: AdminParts, request: IncomingMessage, response: ServerResponse, name: string) {
  const fn = parts.app.functions.get(name);
  if (fn === undefined) return writeEmpty(response, 404);
  if (request.method === 'GET') return writeJson(response, 200, describeFunction(fn, parts));
  if (request.method !== 'POST') return writeEmpty(response, 404);
  const reading = await readBody(request);
  if (reading.outcome !== 'read') return writeEmpty(response, 400);
  const input = readInput(reading.body.toString('utf8'));
  const type = fn.trigger.type.toLowerCase();
  if (type === 'httptrigger' || input === undefined) return writeEmpty(response, 400);
  const reason = 'This function was programmatically called via the host APIs.';
  const event = type === 'timertrigger' ? timerEvent(reason) : { data: { string: input }, metadata: {}, reason };
  // Like the real host: accepted now, run in the background, the outcome is in the log.
  void parts.invoker.invoke(fn, event);
  writeEmpty(response, 202);
}

function readInput(text: string): string | undefined {
  if (text.trim() === '') return '';
  try {
    const body: unknown = JSON.parse(text);
    const input = typeof body === 'object' && body !== null && 'input' in body ? body.input : '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return undefined;
  }
}

function describeHost() {
  return {
    id: 'weir-local-host',
    state: 'Running',
    version: '4.0-local',
    processUptime: Date.now() - startedAt,
    errors: [],
  };
}

function describeFunction(fn: RegisteredFunction, parts: AdminParts) {
  const isHttp = fn.trigger.type.toLowerCase() === 'httptrigger';
  const route = typeof fn.trigger['route'] === 'string' ? fn.trigger['route'] : fn.name;
  return {
    name: fn.name,
    isDisabled: parts.isDisabled(fn),
    language: 'node',
    config: {
      name: fn.name,
      bindings: Object.entries(fn.metadata.bindings).map(([name, binding]) => ({ ...binding, name })),
    },
    ...(isHttp ? { invoke_url_template: [parts.routePrefix, route].filter((part) => part !== '').join('/') } : {}),
  };
}

function writeJson(response: ServerResponse, statusCode: number, body: unknown): void {
  response.statusCode = statusCode;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
