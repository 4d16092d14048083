import type { Draws } from '../../bench/capacity/seeded.ts';

/** How bad one run is and how large: everything that differs between two seeds before the first step. */
export interface Weather {
  /** Nothing stops a process, and storage is whole but for one outage: then no worker may lose its job. */
  readonly isFair: boolean;
  readonly processes: number;
  readonly teams: number;
  readonly jobs: number;
  /** Faults happen this long; then they stop, and everything accepted has to end. */
  readonly faultyMs: number;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly requestWindowSeconds: 1 | 10;
  readonly deployments: number;
  /** Part of the teams' hard budgets that the jobs would use; null = no budgets. */
  readonly budgetShare: number | null;
  /** Chances per storage call. */
  readonly storage: {
    readonly failsBefore: number;
    readonly failsAfter: number;
    readonly appliesLate: number;
    readonly slow: number;
    readonly killsBefore: number;
    readonly killsAfter: number;
    readonly freezes: number;
  };
  readonly outageMs: number;
  readonly duplicates: number;
  /** Mean time between such events; null = never. */
  readonly everyMs: {
    readonly kill: number | null;
    readonly drain: number | null;
    readonly jump: number | null;
    readonly loss: number | null;
    readonly garble: number | null;
  };
  /** Clocks start this far off at most. */
  readonly skewMs: number;
  readonly upstream: {
    readonly throttles: number;
    readonly fails: number;
    readonly refuses: number;
    readonly unreachable: number;
    readonly resets: number;
    readonly hangs: number;
    readonly nonsense: number;
    readonly kills: number;
    readonly longAnswers: number;
    readonly medianMs: number;
  };
  readonly changesConfig: boolean;
  /** Mean time between two rows or blobs that somebody deletes or damages by hand; null = never. */
  readonly handEveryMs: number | null;
  /** Requests without a cap of their own get a learnt one, and answers that it cuts short are asked for again. */
  readonly capsAreLearnt: boolean;
}

/** Draws the weather of a run. Each kind of fault is off in many runs, so that every mix is met, the lone fault too. */
export function drawWeather(draws: Draws): Weather {
  const someOf = (most: number) => (draws.next() < 0.5 ? 0 : most * draws.next() ** 2);
  const every = (leastMs: number, mostMs: number) => (draws.next() < 0.5 ? null : draws.uniform(leastMs, mostMs));
  const oneOf = <T>(...choices: [T, ...T[]]): T => choices[Math.floor(draws.next() * choices.length)] ?? choices[0];
  const weather: Weather = {
    isFair: draws.next() < 0.08,
    processes: oneOf(1, 2, 2, 3, 3, 4),
    teams: oneOf(1, 2, 2, 3),
    jobs: Math.round(draws.uniform(4, 40)),
    faultyMs: Math.round(draws.uniform(30_000, 120_000)),
    leaseMs: oneOf(6000, 15_000, 45_000),
    graceMs: oneOf(0, 2000, 20_000),
    tokensPerMinute: oneOf(2000, 8000, 100_000),
    requestsPerMinute: oneOf(30, 120, 600),
    requestWindowSeconds: oneOf(1, 10),
    deployments: oneOf(1, 2, 2, 3),
    budgetShare: oneOf(null, null, 0.5, 2),
    storage: {
      failsBefore: someOf(0.15),
      failsAfter: someOf(0.1),
      appliesLate: someOf(0.06),
      slow: someOf(0.2),
      killsBefore: someOf(0.01),
      killsAfter: someOf(0.01),
      freezes: someOf(0.005),
    },
    outageMs: oneOf(0, 0, 0, 10_000, 60_000),
    duplicates: someOf(0.5),
    everyMs: {
      kill: every(10_000, 60_000),
      drain: every(20_000, 90_000),
      jump: every(10_000, 60_000),
      loss: every(3000, 30_000),
      garble: every(20_000, 60_000),
    },
    skewMs: oneOf(0, 0, 500, 5000),
    upstream: {
      throttles: someOf(0.3),
      fails: someOf(0.5),
      refuses: someOf(0.1),
      unreachable: someOf(0.3),
      resets: someOf(0.3),
      hangs: someOf(0.15),
      nonsense: someOf(0.15),
      kills: someOf(0.2),
      longAnswers: oneOf(0, 0.3, 0.8),
      medianMs: oneOf(300, 2000, 9000),
    },
    changesConfig: draws.next() < 0.2,
    capsAreLearnt: draws.next() < 0.3,
    handEveryMs: draws.next() < 0.15 ? draws.uniform(3000, 20_000) : null,
  };
  return weather.isFair ? makeFair(weather) : weather;
}

/** The same run with nothing that stops a process or touches storage but its outage; the model service may still fail. */
function makeFair(weather: Weather): Weather {
  const storage = {
    failsBefore: 0,
    failsAfter: 0,
    appliesLate: 0,
    slow: 0,
    killsBefore: 0,
    killsAfter: 0,
    freezes: 0,
  };
  const everyMs = { kill: null, drain: null, jump: null, loss: null, garble: weather.everyMs.garble };
  const upstream = { ...weather.upstream, kills: 0 };
  return { ...weather, storage, everyMs, upstream, skewMs: 0, changesConfig: false, handEveryMs: null };
}

/** Whether every clock of the run is right and no process ever stops in mid-step: then no limit may be passed at all, of a minute or of a slice. */
export function isCalm(weather: Weather): boolean {
  const { storage, everyMs, skewMs } = weather;
  return skewMs === 0 && everyMs.jump === null && storage.freezes === 0;
}
