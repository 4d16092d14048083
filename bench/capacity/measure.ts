import { lanes } from '../../src/core/jobs/job.ts';
import { type BigJobs, bigJobFigures } from './measure-big-jobs.ts';
import { type LaneWaits, measureWaits } from './measure-waits.ts';
import { chargeOf, type SimulatedJob } from './simulated-job.ts';
import type { Simulation } from './simulation.ts';

/** What a team was let through, by the service's log: per minute of the measured time, and the most in any 60 seconds. */
export interface TeamUse {
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly mostTokensIn60S: number;
  readonly mostRequestsIn60S: number;
  /** Of all its jobs that were sent. */
  readonly parksPerJob: number;
  /** The most of its jobs that were submitted a second or more after one of them and sent before it. */
  readonly mostOvertaken: number;
  /** The same of what was sent in the measured time. */
  readonly measured: { readonly mostTokensIn60S: number; readonly mostRequestsIn60S: number };
}

export interface Figures extends LaneWaits {
  readonly utilisation: number;
  readonly throttled: number;
  readonly throttledPerJob: number;
  /** 429s of the whole run, warm-up included. */
  readonly throttledEver: number;
  readonly submitted: number;
  readonly done: number;
  /** Refused for good because they are larger than a whole limit. */
  readonly refused: number;
  /** Given up by their system: poisoned messages, or jobs that nobody will wake. */
  readonly lost: number;
  readonly operationsPerJob: number;
  readonly lostCommitsPart: number;
  readonly parksPerJob: number;
  /** Most tokens sent to a deployment in any 60 seconds ÷ the limit in force then, refused ones included. */
  readonly peakShare: number;
  /** Sends that went over a token or a request limit in force, refused or not. */
  readonly overLimit: number;
  readonly mostRequestsInSlice: number;
  readonly requestsPerMinute: number;
  readonly makespanS: number;
  /** Admitted tokens of each lane's jobs, whenever they were submitted. */
  readonly laneTokens: Readonly<Record<string, number>>;
  readonly teams: Readonly<Record<string, TeamUse>>;
  readonly bigJobs: BigJobs;
  /** Tokens still in line at the end by the ledger's own account; NaN for a system without a line. */
  readonly tokensInLine: number;
  readonly notices: Readonly<Record<string, number>>;
  readonly sweepWakes: number;
  readonly realMs: number;
}

/** The figures of a run after its warm-up. */
export function measure(simulation: Simulation, ended: { realMs: number; tokensInLine: number }): Figures {
  const { scenario, service, jobs, store, startMs } = simulation;
  const { fromMs, untilMs } = simulation.measured;
  const minutes = (untilMs - fromMs) / 60_000;
  const quota = service.reduce((sum, { state }) => sum + state.limits.tokensPerMinute * minutes, 0);
  const admittedTokens = service.reduce(
    (sum, deployment) => sum + deployment.admittedTokens + deployment.foreignTokens,
    0,
  );
  const refusals = service.reduce((sum, { refused }) => sum + refused, 0);
  const operations = store.operations.reads + store.operations.commits + store.operations.lost;
  const everSent = jobs.filter(({ sentMs }) => sentMs !== null);
  const sent = everSent.filter(({ sentMs }) => sentMs !== null && sentMs >= fromMs && sentMs < untilMs);
  const submitted = everSent.filter(({ submittedMs }) => submittedMs >= fromMs && submittedMs < untilMs);
  const last = everSent.reduce((most, { sentMs }) => Math.max(most, sentMs ?? 0), startMs);
  return {
    utilisation: admittedTokens / quota,
    throttled: refusals,
    throttledEver: jobs.reduce((sum, { throttled }) => sum + throttled, 0),
    throttledPerJob: refusals / Math.max(1, sent.length),
    submitted: jobs.filter(({ isCancelled }) => !isCancelled).length,
    done: everSent.length,
    refused: jobs.filter(({ isRefused }) => isRefused).length,
    lost: jobs.filter(
      (job) => !job.isDone && !job.isCancelled && !job.isRefused && job.worker === null && !Number.isFinite(job.dueMs),
    ).length,
    operationsPerJob: operations / Math.max(1, everSent.length),
    lostCommitsPart: store.operations.lost / Math.max(1, store.operations.commits + store.operations.lost),
    parksPerJob: everSent.reduce((sum, { parks }) => sum + parks, 0) / Math.max(1, everSent.length),
    peakShare: Math.max(...service.map(({ peakShare }) => peakShare)),
    overLimit: service.reduce((sum, { overLimit }) => sum + overLimit, 0),
    mostRequestsInSlice: Math.max(...service.map(({ mostRequestsInSlice }) => mostRequestsInSlice)),
    requestsPerMinute: sent.length / minutes,
    makespanS: (last - startMs) / 1000,
    laneTokens: Object.fromEntries(
      lanes.map((lane) => [
        lane,
        everSent.filter((job) => job.lane === lane).reduce((sum, { size }) => sum + chargeOf(size), 0),
      ]),
    ),
    teams: Object.fromEntries(
      [...simulation.teamUse].map(([team, use]) => {
        const own = sent.filter((job) => job.team === team);
        const tokens = own.reduce((sum, { size }) => sum + chargeOf(size), 0);
        return [
          team,
          {
            tokensPerMinute: tokens / minutes,
            requestsPerMinute: own.length / minutes,
            ...orderOf(everSent.filter((job) => job.team === team)),
            ...use.most,
            measured: use.measured,
          },
        ];
      }),
    ),
    bigJobs: bigJobFigures(simulation, submitted),
    tokensInLine: ended.tokensInLine,
    notices: simulation.notices,
    sweepWakes: simulation.sweepWakes,
    realMs: ended.realMs,
    ...measureWaits(scenario.warmUpS === 0 ? everSent : submitted),
  };
}

/** A team's jobs: how often each was parked, and how many went before one that had come a second earlier to the same lane. */
function orderOf(sent: readonly SimulatedJob[]): Pick<TeamUse, 'parksPerJob' | 'mostOvertaken'> {
  const parks = sent.reduce((sum, job) => sum + job.parks, 0);
  const overtaken = sent.map(
    (job) =>
      sent.filter(
        (other) =>
          other.lane === job.lane &&
          other.submittedMs >= job.submittedMs + 1000 &&
          (other.sentMs ?? 0) < (job.sentMs ?? 0),
      ).length,
  );
  return { parksPerJob: parks / Math.max(1, sent.length), mostOvertaken: Math.max(0, ...overtaken) };
}

/** The figures that no check prints, in one line. */
export function summarise(figures: Figures): string {
  const waits = Object.entries(figures.waits).map(
    ([lane, { p50, p95, p99 }]) => `${lane} wait p50/p95/p99 ${short(p50)}/${short(p95)}/${short(p99)} s`,
  );
  return [
    `util ${short(figures.utilisation * 100)} %`,
    `${figures.done} done`,
    `${short(figures.operationsPerJob)} ops/job, ${short(figures.lostCommitsPart * 100)} % lost`,
    `${short(figures.parksPerJob)} parks/job`,
    `${short(figures.throttledPerJob)} 429/job`,
    ...waits,
  ].join(' · ');
}

/** A figure as people read it: four digits at most. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}
