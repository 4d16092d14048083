import { AnswerHistory } from './answer-history.ts';
import { Census } from './census.ts';
import { ClaimPace } from './claim-pace.ts';
import { Drain } from './drain.ts';
import { ExtraCalls } from './extra-calls.ts';
import { JobSignals } from './job-signals.ts';
import type { OuterPorts } from './outer-ports.ts';
import { Readiness } from './readiness.ts';
import { readOrRecoverBudget } from './recover-budget.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { TeamWriter } from './team-writer.ts';
import { UnservedRequests } from './unserved-requests.ts';

/** What a process keeps in its own memory: gone with it, and no other process knows of it. */
export interface OwnParts {
  readonly writer: TeamWriter;
  readonly census: Census;
  readonly answers: AnswerHistory;
  readonly signals: JobSignals;
  readonly drain: Drain;
  readonly extraCalls: ExtraCalls;
  readonly signsOfLife: SignsOfLife;
  readonly claimPace: ClaimPace;
  readonly readiness: Readiness;
  readonly unserved: UnservedRequests;
}

type Needed = Pick<
  OuterPorts,
  'clock' | 'random' | 'config' | 'jobs' | 'live' | 'usage' | 'repairs' | 'telemetry' | 'upstream'
>;

/** Fresh parts for one process; makes no call. */
export function makeOwnParts(outer: Needed): OwnParts {
  const { clock, random, jobs, live, usage, telemetry, upstream } = outer;
  const drain = new Drain();
  return {
    writer: new TeamWriter({
      store: jobs,
      readBudget: (team, period) => readOrRecoverBudget(outer, team, period),
      clock,
      random,
    }),
    census: new Census({ store: live, clock }),
    answers: new AnswerHistory({ store: usage, clock }),
    signals: new JobSignals(),
    drain,
    extraCalls: new ExtraCalls(clock),
    signsOfLife: new SignsOfLife(),
    claimPace: new ClaimPace(),
    readiness: new Readiness({ upstream, clock, telemetry }),
    unserved: new UnservedRequests({ clock, telemetry, drain }),
  };
}
