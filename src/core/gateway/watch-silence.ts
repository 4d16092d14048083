import type { DeploymentView } from '../capacity/capacity.ts';
import { findPool } from '../config/find-deployment.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import { patienceMs, suspicionMs } from '../routing/silence.ts';
import type { AttemptResult } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import { askForLife } from './probe-deployments.ts';

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
    const result = await call();
    if (result.outcome.kind === 'answered') ports.signsOfLife.hear(job.model, deployment, sentAtMs);
    return result;
  } finally {
    over.abort();
  }
}

async function askWhenSilent(
  ports: Ports,
  job: Job,
  { deployment, sentAtMs, signal }: { deployment: string; sentAtMs: number; signal: AbortSignal },
): Promise<void> {
  const { clock, drain, signsOfLife } = ports;
  const before = (await ports.capacity.view(job.model)).find((view) => view.deployment === deployment);
  if (before === undefined) return;
  const { firstByteMs, msPerOutputToken } = before;
  const limitMs = suspicionMs({ firstByteMs, msPerOutputToken, samples: 0 }, job.estimate.outputTokens);
  await clock.sleep(sentAtMs + limitMs - clock.now(), AbortSignal.any([signal, drain.waits]));
  if (signal.aborted || drain.isDraining) return;
  const views = await ports.capacity.view(job.model);
  const isHealthy = (view: DeploymentView) => view.health === 'healthy';
  const others = views.filter((view) => view.deployment !== deployment && isHealthy(view));
  // One that is out already is the timer's; and with nowhere else to go nothing would be won.
  if (others.length === 0 || !views.some((view) => view.deployment === deployment && isHealthy(view))) return;
  const pool = findPool(ports.config.current(), job.model);
  if (pool === null || signal.aborted || !signsOfLife.ask(job.model, deployment, sentAtMs, clock.now())) return;
  const withinMs = patienceMs(others.map((view) => view.firstByteMs));
  await drain.track(() => askForLife(ports, pool, deployment, withinMs));
}
