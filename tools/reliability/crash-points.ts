// Preloaded into a worker (NODE_OPTIONS=--import) with WEIR_CRASH_PLAN set: the process kills itself at the moment that the plan
// names. It listens to what goes over the wire by the channels that Node has for that, so that the app that is killed is the
// app that is shipped: no hook in it, nothing to switch off.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { CrashMoment, CrashPlan, CrashRecord } from './crash-point.ts';
import { CrashWitness, type WireRequest } from './crash-witness.ts';

const setting = process.env['WEIR_CRASH_PLAN'];
if (setting !== undefined) followPlan(JSON.parse(setting));

function followPlan(plan: CrashPlan): void {
  const witness = new CrashWitness();
  let seen = 0;
  const reach = (moment: CrashMoment | null, body: string) => {
    if (moment?.point !== plan.point || (plan.text !== undefined && !body.includes(plan.text))) return;
    seen += 1;
    if (seen !== plan.nth) return;
    const record: CrashRecord = { ...moment, processId: process.pid, atMs: Date.now() };
    appendFileSync(plan.log, `${JSON.stringify(record)}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  subscribe('http.client.request.created', (message) => {
    // biome-ignore lint/suspicious/noExplicitAny: the channel's messages have no type
    const { request } = message as any as { request: ClientRequest };
    watchRequest(
      request,
      (sent) => reach(witness.beforeSending(sent), sent.body),
      (sent, answer) => reach(witness.afterAnswer(sent, answer), sent.body),
    );
  });
}

/** Calls `onSending` before the request's last byte leaves and `onAnswered` before anybody gets the end of the answer. */
function watchRequest(
  request: ClientRequest,
  onSending: (sent: WireRequest) => void,
  onAnswered: (sent: WireRequest, answer: { status: number; body: string }) => void,
): void {
  const { method, path } = request;
  const parts: string[] = [];
  const header = (name: string) => {
    const value = request.getHeader(name);
    return value === undefined ? null : String(value);
  };
  const describe = (): WireRequest => ({ method, path, header, body: parts.join('') });
  const { write, end } = request;
  request.write = (...args: unknown[]) => {
    parts.push(toText(args[0]));
    return Reflect.apply(write, request, args);
  };
  request.end = (...args: unknown[]) => {
    parts.push(toText(args[0]));
    onSending(describe());
    return Reflect.apply(end, request, args);
  };
  request.prependOnceListener('response', (response) => {
    const received: string[] = [];
    watchAnswer(
      response,
      (chunk) => received.push(toText(chunk)),
      () => onAnswered(describe(), { status: response.statusCode ?? 0, body: received.join('') }),
    );
  });
}

/** Looks at an answer's events without being a reader: a listener of its own would make it flow. */
function watchAnswer(response: IncomingMessage, onData: (chunk: unknown) => void, onEnd: () => void): void {
  const { emit } = response;
  response.emit = (name: string | symbol, ...args: unknown[]) => {
    if (name === 'data') onData(args[0]);
    if (name === 'end') onEnd();
    return Reflect.apply(emit, response, [name, ...args]);
  };
}

function toText(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : '';
}
