import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerAdmin } from './admin-routes.ts';
import { type Environment, injectLocalSettings, isDisabled, resolveSettings } from './app-settings.ts';
import { FunctionApp, type RegisteredFunction } from './function-app.ts';
import { HostError } from './host-error.ts';
import { describeError, type HostLog } from './host-log.ts';
import { type HostSettings, readHostSettings } from './host-settings.ts';
import { HttpListener } from './http-listener.ts';
import { Invoker } from './invocation.ts';
import { connectQueues } from './queue-connection.ts';
import { QueueListener } from './queue-listener.ts';
import { buildRouteTable } from './route-table.ts';
import { TimerListener } from './timer-listener.ts';
import { parseSchedule } from './timer-schedule.ts';

/** How to start a host: `root` is the function app's folder, the one that holds host.json. */
export interface HostOptions {
  root: string;
  port: number;
  environment: Environment;
  log: HostLog;
}

/** A host that serves its app. */
export interface RunningHost {
  url: string;
  /**
   * Takes no new work, runs the appTerminate hooks, and waits for what is in flight, at most `graceMs`.
   * Returns how many invocations were left undone.
   */
  stop(graceMs: number): Promise<number>;
}

interface Listeners {
  queues: QueueListener[];
  timers: TimerListener[];
}

/** Starts a host: listens at once, loads the app, then serves HTTP and begins to poll. One host per process. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { root, environment, log } = options;
  injectLocalSettings(await readOptional(join(root, 'local.settings.json')), environment);
  const settings = readHostSettings(await readHostJson(root), environment);
  const http = new HttpListener(log);
  const port = await http.listen(options.port);
  try {
    const app = new FunctionApp(log);
    await app.load(root);
    const invoker = new Invoker(app, log, settings.functionTimeoutMs);
    const listeners = await connectTriggers(app, { invoker, settings, environment, log });
    openHttp(http, app, { invoker, settings, environment, log });

    for (const timer of listeners.timers) timer.start();
    const polling = listeners.queues.map((queue) => queue.run());
    const stop = (graceMs: number) => stopHost({ http, app, invoker, listeners, polling, log }, graceMs);
    return { url: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    http.close();
    throw error;
  }
}

async function readHostJson(root: string): Promise<string> {
  const text = await readOptional(join(root, 'host.json'));
  if (text === undefined) throw new HostError(`No host.json in ${root}: is this a function app? Use --root.`);
  return text;
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

interface TriggerParts {
  invoker: Invoker;
  settings: HostSettings;
  environment: Environment;
  log: HostLog;
}

function enabledFunctions(app: FunctionApp, environment: Environment): RegisteredFunction[] {
  return [...app.functions.values()].filter((fn) => !isDisabled(fn.name, environment));
}

async function connectTriggers(app: FunctionApp, parts: TriggerParts): Promise<Listeners> {
  const { invoker, settings, environment, log } = parts;
  const listeners: Listeners = { queues: [], timers: [] };
  for (const fn of enabledFunctions(app, environment)) {
    refuseOutputs(fn);
    const type = fn.trigger.type.toLowerCase();
    if (type === 'queuetrigger') {
      const queueName = resolveSettings(readText(fn, 'queueName'), environment, fn.name);
      const connection = fn.trigger['connection'];
      const service = await connectQueues(typeof connection === 'string' ? connection : undefined, environment);
      listeners.queues.push(new QueueListener({ fn, queueName, service, settings: settings.queues, invoker, log }));
    } else if (type === 'timertrigger') {
      const schedule = parseSchedule(resolveSettings(readText(fn, 'schedule'), environment, fn.name), fn.name);
      listeners.timers.push(new TimerListener(fn, schedule, invoker, log));
    } else if (type !== 'httptrigger') {
      throw new HostError(
        `Function ${fn.name}: the local host has no ${fn.trigger.type}; http, queue and timer it has.`,
      );
    }
  }
  return listeners;
}

function refuseOutputs(fn: RegisteredFunction): void {
  for (const [name, binding] of Object.entries(fn.metadata.bindings)) {
    if (name === fn.triggerName || (name === '$return' && binding.type.toLowerCase() === 'http')) continue;
    throw new HostError(
      `Function ${fn.name}: the local host has no ${binding.type} ${binding.direction}put binding; use an SDK.`,
    );
  }
}

function readText(fn: RegisteredFunction, option: string): string {
  const value = fn.trigger[option];
  if (typeof value !== 'string' || value === '')
    throw new HostError(`Function ${fn.name}: its trigger has no ${option}.`);
  return value;
}

function openHttp(http: HttpListener, app: FunctionApp, parts: TriggerParts): void {
  const { invoker, settings, environment, log } = parts;
  const enabled = enabledFunctions(app, environment);
  const routes = buildRouteTable(
    enabled.filter((fn) => fn.trigger.type.toLowerCase() === 'httptrigger'),
    settings.routePrefix,
  );
  for (const { fn, methods, template } of routes) log.detail(`${fn.name}: [${[...methods]}] /${template.text}`);
  const admin = {
    app,
    invoker,
    routePrefix: settings.routePrefix,
    isDisabled: (fn: RegisteredFunction) => isDisabled(fn.name, environment),
  };
  http.open({
    routes,
    invoker,
    streamingUrl: app.streamingUrl,
    customHeaders: settings.customHeaders,
    isHomepageDisabled: environment['AzureWebJobsDisableHomepage']?.toLowerCase() === 'true',
    answerAdmin: (request, response, url) => answerAdmin(admin, request, response, url),
  });
}

interface RunningParts {
  http: HttpListener;
  app: FunctionApp;
  invoker: Invoker;
  listeners: Listeners;
  polling: Promise<void>[];
  log: HostLog;
}

async function stopHost(parts: RunningParts, graceMs: number): Promise<number> {
  const { http, app, invoker, listeners, polling, log } = parts;
  http.drain();
  for (const timer of listeners.timers) timer.stop();
  for (const queue of listeners.queues) queue.stop();
  // The hooks come first, so that the app learns of its end while its work still runs and can cut that short.
  const hooks = app.runHooks('appTerminate', {}).catch((error: unknown) => {
    log.error(`An appTerminate hook failed: ${describeError(error)}`);
  });
  const finished = Promise.all([hooks, Promise.all(polling).then(() => invoker.whenIdle())]);
  const expiry = new AbortController();
  await Promise.race([finished, sleep(graceMs, undefined, { signal: expiry.signal }).catch(() => {})]);
  expiry.abort();
  http.close();
  return invoker.runningCount;
}
