import { AnswerHistory } from '../../src/core/gateway/answer-history.ts';
import { Census } from '../../src/core/gateway/census.ts';
import { ClaimPace } from '../../src/core/gateway/claim-pace.ts';
import { Drain } from '../../src/core/gateway/drain.ts';
import { ExtraCalls } from '../../src/core/gateway/extra-calls.ts';
import { JobSignals } from '../../src/core/gateway/job-signals.ts';
import type { Ports } from '../../src/core/gateway/ports.ts';
import { Readiness } from '../../src/core/gateway/readiness.ts';
import { readOrRecoverBudget } from '../../src/core/gateway/recover-budget.ts';
import { SignsOfLife } from '../../src/core/gateway/signs-of-life.ts';
import { TeamWriter } from '../../src/core/gateway/team-writer.ts';

type SharedPorts = Pick<
  Ports,
  'clock' | 'random' | 'config' | 'jobs' | 'live' | 'usage' | 'repairs' | 'telemetry' | 'upstream'
>;

type OwnParts = Pick<
  Ports,
  | 'answers'
  | 'census'
  | 'claimPace'
  | 'drain'
  | 'extraCalls'
  | 'readiness'
  | 'signals'
  | 'signsOfLife'
  | 'tokenCounter'
  | 'writer'
>;

/** What a process keeps in its memory, fresh, over ports that it may share with others. A token is four characters. */
export function makeOwnParts(shared: SharedPorts): OwnParts {
  const { clock, random, jobs, live, usage, telemetry, upstream } = shared;
  return {
    answers: new AnswerHistory({ store: usage, clock }),
    census: new Census({ store: live, clock }),
    claimPace: new ClaimPace(),
    drain: new Drain(),
    extraCalls: new ExtraCalls(clock),
    readiness: new Readiness({ upstream, clock, telemetry }),
    signals: new JobSignals(),
    signsOfLife: new SignsOfLife(),
    tokenCounter: { load: async () => (text) => Math.ceil(text.length / 4) },
    writer: new TeamWriter({
      store: jobs,
      readBudget: (team, period) => readOrRecoverBudget(shared, team, period),
      clock,
      random,
    }),
  };
}
