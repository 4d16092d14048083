import type { DeploymentView } from '../capacity/capacity.ts';
import { findPool } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import { leastSuspicionMs, patienceMs, suspicionMs } from '../routing/silence.ts';
import type { AttemptResult } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import { askForLife } from './probe-deployments.ts';

/** Part of the time to suspicion by which the questions of several processes are spread. */
const spreadPart = 0.5;

/**
 * Makes a job's call and watches it: when it is under way for longer than its length explains and the deployment has answered nothing
 * that was sent since, a cheap call of its own asks for a sign of life. That call's silence opens the breaker; the job's call goes on.
 */
export async function watchSilence(
  ports: Ports,
  job: Job,
  deployment: string,
  call: () => Promise<AttemptResult>,
): Promise<AttemptResult> {
  const over = new AbortController();
  const sentAtMs = ports.clock.now();
  const watching = askWhenSilent(ports, job, { deployment, sentAtMs, signal: over.signal });
  watching.catch((error: unknown) => {
    // Nobody waits for the question: it is asked again with the next call.
    if (error instanceof StorageUnavailableError) return;
    const message = error instanceof Error ? error.message : String(error);
    const fields = { model: job.model, deployment };
    ports.telemetry.track({
      type: 'notice',
      atMs: ports.clock.now(),
      level: 'error',
      name: 'sign_of_life_failed',
      message,
      fields,
    });
  });
  try {
    return await call();
  } finally {
    over.abort();
  }
}

/** Asks once; while others have asked a moment ago or there was no place for the question, it is looked at again. */
async function askWhenSilent(
  ports: Ports,
  job: Job,
  { deployment, sentAtMs, signal }: { deployment: string; sentAtMs: number; signal: AbortSignal },
): Promise<void> {
  const { clock, drain, random, signsOfLife } = ports;
  const { model } = job;
  const waits = AbortSignal.any([signal, drain.waits]);
  // Most calls are over by then and have cost no look at the pool.
  await clock.sleep(leastSuspicionMs, waits);
  if (waits.aborted) return;
  const seen = (await ports.capacity.view(model)).find((view) => view.deployment === deployment);
  if (seen === undefined) return;
  const { firstByteMs, msPerOutputToken } = seen;
  const suspectMs = suspicionMs({ firstByteMs, msPerOutputToken, samples: 0 }, job.estimate.outputTokens);
  // Spread: the answer to one process's question spares the others theirs.
  let askAtMs = sentAtMs + suspectMs * (1 + random.next() * spreadPart);
  for (;;) {
    await clock.sleep(askAtMs - clock.now(), waits);
    if (waits.aborted || signsOfLife.hasHeard(model, deployment, sentAtMs)) return;
    const views = await ports.capacity.view(model);
    const withinMs = patienceFor(views, deployment, sentAtMs);
    const pool = findPool(ports.config.current(), model);
    if (withinMs === null || pool === null || waits.aborted) return;
    askAtMs = signsOfLife.ask(model, deployment, clock.now());
    if (askAtMs > clock.now()) continue;
    if (await drain.track(() => askForLife(ports, pool, deployment, withinMs))) return;
    askAtMs = signsOfLife.giveBack(model, deployment, clock.now());
  }
}

/**
 * How long the answer may take; null when there is nothing to ask: another process was answered since, it is out already and the
 * timer's, or there is nowhere else to go.
 */
function patienceFor(views: readonly DeploymentView[], deployment: string, sentAtMs: number): number | null {
  const healthy = views.filter(({ health }) => health === 'healthy');
  const own = healthy.find((view) => view.deployment === deployment);
  if (own === undefined || own.heardMs > sentAtMs || healthy.length === 1) return null;
  return patienceMs(healthy.map(({ firstByteMs }) => firstByteMs));
}
