import type { AdmissionLimits } from '../../tools/simulator/admission.ts';
import type { Figures } from './measure.ts';
import { type JobSize, type JobStream, referenceSize, type Scenario, scenario, threeRegions } from './scenario.ts';
import type { Draws } from './seeded.ts';

/** One figure of a run with its goal, printed side by side. */
export interface Check {
  readonly figure: string;
  readonly value: number;
  readonly goal: string;
  readonly isMet: boolean;
}

export interface NamedScenario {
  readonly scenario: Scenario;
  /** What it stands for. */
  readonly about: string;
  check(figures: Figures): Check[];
}

const atLeast = (figure: string, value: number, goal: number): Check => ({
  figure,
  value,
  goal: `≥ ${goal}`,
  isMet: value >= goal,
});
const atMost = (figure: string, value: number, goal: number): Check => ({
  figure,
  value,
  goal: `≤ ${goal}`,
  isMet: value <= goal,
});

/** A tenth of a per mille: charges are whole tokens, windows whole milliseconds. */
const WHOLE = 1.0001;

function isFull(figures: Figures, least = 0.97): Check[] {
  return [
    atLeast('utilisation', figures.utilisation, least),
    atMost('429s per job', figures.throttledPerJob, 0.01),
    atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
  ];
}

const wait = (figures: Figures, key: string) =>
  figures.waits[key] ?? { jobs: 0, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN, most: Number.NaN };

const backlog: JobStream = { lane: 'bulk', team: 'apps', standing: 1000, perSecond: 6 };
const calls: JobStream = { lane: 'interactive', team: 'apps', perSecond: 1 };
const slotsOf = (workers: number) => (workers < 8 ? 400 : 48);

function saturation(
  name: string,
  workers: number,
  over: Partial<AdmissionLimits>,
  rest: Partial<Scenario> = {},
): NamedScenario {
  return {
    about: 'a standing backlog of the reference job',
    scenario: scenario(name, {
      workers,
      slots: slotsOf(workers),
      streams: [backlog],
      deployments: threeRegions(over),
      ...rest,
    }),
    check: (figures) => [
      ...isFull(figures),
      atMost('parks per job', figures.parksPerJob, 3),
      atMost('worst p99 ÷ p50 of 30 s', figures.unfairness['bulk'] ?? 0, 1.2),
    ],
  };
}

const tinySize = (): JobSize => ({ promptCharacters: 80, outputCap: 20, outputTokens: 10 });

function tiny(name: string, windowSeconds: 1 | 10, floorS: number, most: number): NamedScenario {
  const [limits] = threeRegions({ requestWindowSeconds: windowSeconds });
  return {
    about: `600 tiny jobs at once on one deployment of 600 RPM, ${windowSeconds} s slices; the floor is ${floorS} s`,
    scenario: scenario(name, {
      isFinite: true,
      warmUpS: 0,
      seconds: 120,
      skewMs: 250,
      deployments: limits === undefined ? [] : [limits],
      streams: [{ lane: 'standard', team: 'apps', standing: 600, size: tinySize }],
    }),
    check: (figures) => [
      atMost('makespan in s', figures.makespanS, floorS * most),
      atMost('most requests in a slice', figures.mostRequestsInSlice, 10 * windowSeconds),
      atMost('429s per job', figures.throttledPerJob, 0),
    ],
  };
}

function twoTeams(lane: JobStream['lane'], bigPerSecond: number): NamedScenario {
  return {
    about: `two teams 100:1 in lane ${lane}, equal shares`,
    scenario: scenario(`teams-${lane}`, {
      seconds: 660,
      teams: { big: {}, small: {} },
      streams: [
        { lane, team: 'big', standing: lane === 'interactive' ? 0 : 1000, perSecond: bigPerSecond },
        { lane, team: 'small', perSecond: bigPerSecond / 100 },
      ],
    }),
    // Alone the small team's jobs wait for the queue's polling only: at most half a second.
    check: (figures) => [
      atMost('small team p95 wait in s', wait(figures, `${lane}/small`).p95, 2.5),
      atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
      ...(lane === 'interactive' ? [] : [atLeast('utilisation', figures.utilisation, 0.97)]),
    ],
  };
}

/** One job in fifty takes half of a deployment's TPM. */
function sometimesHalf(draws: Draws): JobSize {
  if (draws.next() >= 0.02) return referenceSize(draws);
  return { promptCharacters: 4 * 45_999, outputCap: 4000, outputTokens: 300 };
}

function bigJobs(lane: JobStream['lane'], perSecond: number): NamedScenario {
  return {
    about: `2 % of the jobs of lane ${lane} take half of a deployment's TPM`,
    scenario: scenario(`big-jobs-${lane}`, {
      seconds: 600,
      streams:
        lane === 'interactive'
          ? [backlog, { lane, team: 'apps', perSecond, size: sometimesHalf }]
          : [{ lane, team: 'apps', standing: 500, perSecond, size: sometimesHalf }],
    }),
    check: (figures) => [
      atLeast('utilisation', figures.utilisation, 0.94),
      atMost('429s per job', figures.throttledPerJob, 0.01),
      atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
      // In a lane that hardly waits, a big job's neighbours are no measure: half a deployment's TPM comes free in 30 s.
      lane === 'interactive'
        ? atMost('longest wait in s', wait(figures, lane).most, 1.5 * 30)
        : atMost('worst big wait ÷ neighbours', figures.bigWaitRatio, 1.5),
    ],
  };
}

/** Every scenario of the bench, in the order in which it prints them. */
export const scenarios: readonly NamedScenario[] = [
  saturation('saturation-1', 1, {}),
  saturation('saturation-8', 8, {}),
  saturation('saturation-40', 40, {}),
  saturation('saturation-8-fixed-minute', 8, { window: 'fixed' }),
  saturation('saturation-8-1s-slices', 8, { requestWindowSeconds: 1 }),
  saturation('saturation-40-1s-fixed', 40, { requestWindowSeconds: 1, window: 'fixed' }),
  saturation('saturation-8-no-hints', 8, {}, { hints: 'missing' }),
  saturation('saturation-8-hints-of-a-day', 8, {}, { hints: '86400' }),
  {
    about: 'bulk backlog of 1,000 and 6/s, interactive 1/s',
    scenario: scenario('mixed-8', { seconds: 480, streams: [backlog, calls] }),
    check: (figures) => [
      ...isFull(figures),
      atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4),
      atMost('ledger operations per job', figures.operationsPerJob, 2.5),
      atMost('parks per job', figures.parksPerJob, 3),
      atMost('worst p99 ÷ p50 of 30 s', figures.unfairness['bulk'] ?? 0, 1.2),
    ],
  },
  {
    about: 'the same with interactive 2.5/s: half of the pool',
    scenario: scenario('mixed-8-half', { seconds: 480, streams: [backlog, { ...calls, perSecond: 2.5 }] }),
    check: (figures) => [...isFull(figures), atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4)],
  },
  {
    about: 'bulk backlog; 60 interactive jobs at once, whose tokens are 12 s of the pool',
    scenario: scenario('burst-60', {
      seconds: 300,
      streams: [backlog, { lane: 'interactive', team: 'apps', bursts: [{ atS: 150, count: 60 }] }],
    }),
    check: (figures) => [
      atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 1.2 * 12),
      atMost('429s per job', figures.throttledPerJob, 0.01),
      atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
    ],
  },
  tiny('tiny-1s', 1, 59, 1.1),
  tiny('tiny-10s', 10, 50, 1.05),
  twoTeams('bulk', 6),
  twoTeams('standard', 6),
  twoTeams('interactive', 4),
  {
    about: '300 tickets cancelled at the head of the line at 150 s',
    scenario: scenario('cancelled-300', {
      seconds: 330,
      warmUpS: 120,
      streams: [backlog],
      incidents: [{ atS: 150, kind: 'cancel-next', lane: 'bulk', count: 300 }],
    }),
    check: (figures) => isFull(figures, 0.92),
  },
  bigJobs('bulk', 3),
  bigJobs('standard', 3),
  bigJobs('interactive', 0.5),
  {
    about: 'another application takes up to a third of every deployment for 90 s',
    scenario: scenario('foreign-load', {
      seconds: 420,
      isFinite: true,
      warmUpS: 0,
      streams: [
        { lane: 'bulk', team: 'apps', standing: 1200 },
        { ...calls, untilS: 240 },
      ],
      incidents: [{ atS: 90, untilS: 180, kind: 'foreign', tokensPerSecond: 1700 }],
    }),
    check: (figures) => [
      atMost('jobs not done', figures.submitted - figures.done, 0),
      atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4),
    ],
  },
  {
    about: '2 → 16 → 4 workers, two of them killed in mid-flight',
    scenario: scenario('elastic', {
      seconds: 420,
      workers: 2,
      slots: 200,
      streams: [backlog, calls],
      incidents: [
        { atS: 90, kind: 'start-workers', count: 14 },
        { atS: 180, kind: 'kill-workers', count: 2 },
        { atS: 240, kind: 'stop-workers', count: 10 },
      ],
    }),
    check: (figures) => [
      ...isFull(figures, 0.95),
      atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4),
    ],
  },
  {
    about: 'clocks up to 5 s apart: nothing may be over the limit',
    scenario: scenario('clocks-5s', { skewMs: 5000, streams: [backlog, calls] }),
    check: (figures) => [
      atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
      atMost('429s per job', figures.throttledPerJob, 0.01),
    ],
  },
  {
    about: 'the service charges 6 % more than its documentation says',
    scenario: scenario('service-charges-more', {
      seconds: 900,
      warmUpS: 600,
      serviceFactor: 1.06,
      streams: [{ ...backlog, standing: 600 }],
    }),
    check: (figures) => [
      atLeast('utilisation', figures.utilisation, 0.95),
      atMost('429s per job', figures.throttledPerJob, 0.01),
    ],
  },
  {
    about: 'a small team limit beside a big one: 30 K of 300 K TPM',
    scenario: scenario('team-limit', {
      teams: { small: { tokensPerMinute: 30_000 }, big: {} },
      streams: [
        { lane: 'standard', team: 'small', standing: 200 },
        { lane: 'standard', team: 'big', standing: 1000, perSecond: 6 },
      ],
    }),
    check: (figures) => isFull(figures),
  },
  {
    about: 'ten thousand jobs at once',
    scenario: scenario('flood-10000', {
      seconds: 240,
      streams: [{ ...backlog, standing: 10_000, perSecond: 0.001 }, calls],
    }),
    check: (figures) => [
      ...isFull(figures, 0.95),
      atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4),
    ],
  },
  ...[8, 40, 100, 200, 400, 1000].map(
    (workers): NamedScenario => ({
      about: `${workers} workers on one pool of ten times the quota`,
      scenario: scenario(`scale-${workers}`, {
        workers,
        slots: workers < 40 ? 400 : 48,
        seconds: workers > 500 ? 90 : 150,
        deployments: threeRegions({ tokensPerMinute: 1_000_000, requestsPerMinute: 6000 }),
        streams: [
          { ...backlog, standing: 5000, perSecond: 50 },
          { ...calls, perSecond: 2 },
        ],
      }),
      check: (figures) => [
        atMost('most in any 60 s ÷ limit', figures.peakShare, WHOLE),
        atMost('429s per job', figures.throttledPerJob, 0.01),
      ],
    }),
  ),
];
