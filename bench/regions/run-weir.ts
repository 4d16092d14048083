import type { Ports } from '../../src/core/gateway/ports.ts';
import { probeDeployments } from '../../src/core/gateway/probe-deployments.ts';
import { runJob } from '../../src/core/gateway/run-job.ts';
import { submitJob } from '../../src/core/gateway/submit-job.ts';
import { sweep } from '../../src/core/gateway/sweep.ts';
import type { JobSubmission } from '../../src/core/http/parse-job-submission.ts';
import type { Lane } from '../../src/core/jobs/job.ts';
import type { WakeQueue, WakeUp } from '../../src/core/jobs/wake-queue.ts';
import type { Upstream } from '../../src/core/routing/upstream.ts';
import type { TelemetryEvent } from '../../src/core/telemetry/telemetry.ts';
import { draw } from '../capacity/seeded.ts';
import { makeBenchConfig } from './bench-config.ts';
import type { System } from './run-scenario.ts';
import { measureWay, type Way, WayLog } from './way-log.ts';
import { countUsageRows, createProcess, createStorage } from './weir-system.ts';
import { type BenchJob, requestBody, type World } from './world.ts';

/** As the functions' schedules have it. */
const sweepEveryMs = 15_000;
const probeEveryMs = 5000;
export const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What a run of Weir tells beside its calls. */
interface WeirSystem extends System {
  readonly notices: readonly TelemetryEvent[];
  /** Attempts on the accounts so far, probes included. */
  readonly usageRows: () => number;
  /** Where the time went from a call to the same job's next one; null when the job was parked in between. */
  readonly wayBetween: (job: BenchJob, fromMs: number, toMs: number) => Way | null;
}

/** The real gateway: accept, queue, work, sweep and probe as the functions do it, on several processes. */
export function startWeir(world: World): WeirSystem {
  const { time, scenario } = world;
  const notices: TelemetryEvent[] = [];
  const byJob = new Map<string, BenchJob>();
  const storage = createStorage(() => time.nowMs);
  const draws = draw(scenario.seed, 'queue');
  const processes: Ports[] = [];
  const logs: WayLog[] = [];
  const idOf = new Map<BenchJob, string>();
  const anyone = (): Ports => {
    const chosen = processes[Math.floor(draws.next() * processes.length)];
    if (chosen === undefined) throw new Error('No process runs.');
    return chosen;
  };
  const deliver = (lane: Lane, wakeUp: WakeUp, delayMs: number) => {
    // The host polls: a message is found a little after it can be seen.
    const foundMs = lane === 'interactive' ? draws.uniform(5, 100) : draws.uniform(20, 500);
    time.at(time.nowMs + delayMs + foundMs, () => void runJob(anyone(), wakeUp));
  };
  const tell = (event: TelemetryEvent) => {
    if (event.type === 'notice') notices.push(event);
    const job = event.type === 'job' ? byJob.get(event.jobId) : undefined;
    if (job !== undefined && event.type === 'job') world.close(job, event.status === 'succeeded');
  };
  for (let index = 0; index < scenario.processes; index += 1) {
    const own = draw(scenario.seed, `process ${index}`);
    const halfTrip = () => time.sleep(own.lognormal(scenario.roundTripMs / 2, 0.35));
    const ways = new WayLog();
    logs.push(ways);
    const wakeQueue: WakeQueue = {
      send: async (lane, wakeUp, delayMs) => {
        ways.parks.push({ job: wakeUp.job, atMs: time.nowMs });
        await halfTrip();
        deliver(lane, wakeUp, delayMs);
        await halfTrip();
      },
      putBack: async () => {},
      count: async () => 0,
    };
    const clock = time.clock(0);
    const config = makeBenchConfig(scenario);
    processes.push(
      createProcess({
        clock,
        random: own,
        config,
        storage,
        halfTrip,
        tell,
        wakeQueue,
        ways,
        upstream: upstreamOf(world),
      }),
    );
  }
  const repeat = (work: (ports: Ports) => Promise<unknown>, everyMs: number) => {
    time.at(time.nowMs + everyMs, () => void work(anyone()).then(() => repeat(work, everyMs)));
  };
  repeat(sweep, sweepEveryMs);
  repeat(probeDeployments, probeEveryMs);
  return {
    notices,
    usageRows: () => countUsageRows(storage),
    wayBetween: (job, fromMs, toMs) => measureWay(logs, idOf.get(job) ?? '', fromMs, toMs),
    submit: async (job) => {
      const lane: Lane = draws.next() < scenario.interactivePart ? 'interactive' : 'standard';
      const principal = { team: 'apps', role: 'team', authenticatedBy: 'key' } as const;
      const { view } = await submitJob(anyone(), principal, submissionOf(lane), traceparent);
      byJob.set(view.job.id, job);
      idOf.set(job, view.job.id);
      world.alias(view.job.id, job);
    },
  };
}

/** The job that every run submits. */
export function submissionOf(lane: Lane): JobSubmission {
  return {
    endpoint: '/v1/chat/completions',
    body: requestBody,
    model: requestBody.model,
    lane,
    deadlineSeconds: 600,
    metadata: {},
    idempotencyKey: null,
    waitSeconds: 0,
  };
}

function upstreamOf(world: World): Upstream {
  return {
    prepare: async () => true,
    call: async (request, signal) => {
      const startedMs = world.time.nowMs;
      // A probe's answer is a word.
      const cap = Number(request.body['max_completion_tokens'] ?? request.body['max_tokens']);
      const limitMs = Math.min(request.firstByteMs, request.totalMs);
      const answer = await world.serve(request.deployment.name, request.jobId, { limitMs, cap });
      if (signal.aborted) throw new Error('No call is cut short in this bench.');
      if (answer === null) {
        const latencyMs = world.time.nowMs - startedMs;
        return { kind: 'unanswered', fault: 'first_byte_timeout', sent: true, statusCode: null, latencyMs };
      }
      return {
        kind: 'answered',
        statusCode: answer.status,
        headers: answer.headers,
        requestId: null,
        body: JSON.parse(answer.text),
        text: answer.text,
        firstByteMs: answer.firstByteMs,
        latencyMs: world.time.nowMs - startedMs,
      };
    },
  };
}
