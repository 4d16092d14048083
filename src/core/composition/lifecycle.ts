import { handBack } from '../gateway/hand-back.ts';
import type { ReceivedMessage } from '../gateway/receive-message.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Lane } from '../jobs/job.ts';
import { type Application, buildApplication } from './build-application.ts';
import { openBase } from './open-base.ts';
import { isConfigWaitedFor } from './settings.ts';

/** A request that comes while the app is still starting waits this long for it. */
const startPatienceMs = 3000;
/** What is left of the host's five seconds for handing over what was reported. */
const flushMs = 500;

let starting: Promise<Application> | null = null;
let running: Application | null = null;
let stopping: Promise<void> | null = null;

/**
 * Starts the app; called by the start hook. Throws the one message that says why it cannot: a wrong setting or configuration.
 * What may come right by itself, storage that is away or a configuration blob that is not published yet, is waited for.
 */
export async function startApplication(): Promise<void> {
  const started = start();
  if (isConfigWaitedFor) started.catch(() => undefined);
  else await started;
}

/** The app of this process. Throws a 503 while it is still starting. */
export async function getApplication(): Promise<Application> {
  if (running !== null) return running;
  const late = new StorageUnavailableError('starting', null);
  const patience = new Promise<never>((_resolve, reject) => setTimeout(reject, startPatienceMs, late).unref());
  return Promise.race([start(), patience]);
}

/** The app of this process, or null when it has not started after `patienceMs`, for whatever reason. */
export async function waitForApplication(patienceMs: number): Promise<Application | null> {
  if (running !== null) return running;
  return new Promise((resolve) => {
    setTimeout(resolve, patienceMs, null).unref();
    start().then(resolve, () => undefined);
  });
}

/** Gives a message that this process cannot handle yet to others; needs the queue alone. */
export function handBackMessage(lane: Lane, message: ReceivedMessage): Promise<void> {
  return handBack(openBase(), lane, message);
}

/** Whether this process can accept work. */
export async function isHealthy(): Promise<boolean> {
  return running !== null && (await running.isHealthy());
}

/** Drains: nothing new is begun, calls in flight finish within the grace time, what was reported is handed over. */
export function stopApplication(): Promise<void> {
  stopping ??= stop();
  return stopping;
}

function start(): Promise<Application> {
  starting ??= buildApplication().then((application) => {
    running = application;
    return application;
  });
  return starting;
}

async function stop(): Promise<void> {
  if (running === null) return;
  const { ports } = running;
  await ports.drain.begin(ports.clock, ports.settings.graceMs);
  await Promise.race([ports.telemetry.flush(), ports.clock.sleep(flushMs)]);
  await ports.config.stop();
}
