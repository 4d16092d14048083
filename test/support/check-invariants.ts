import type { MemoryState, MemoryTeam } from '../../src/core/adapters/memory/memory-state.ts';

const sum = (amounts: Iterable<number>) => [...amounts].reduce((total, amount) => total + amount, 0);

/**
 * What must hold of storage after every step, whatever failed (design §10): one sentence per violation. A job is either
 * live or ended; holds are those of live jobs; what is spent is what the usage rows say; a job's end sums up its usage rows.
 */
export function findViolations(state: MemoryState): readonly string[] {
  return [...state.teams].flatMap(([team, rows]) => [...checkJobs(team, rows), ...checkMoney(team, rows)]);
}

/** Content of which no row knows: left behind by a refused or deleted job. */
export function findOrphanContent(state: MemoryState): readonly string[] {
  const known = new Set([...state.teams.values()].flatMap((rows) => [...rows.jobs.keys()]));
  return [...state.blobs.keys()].filter((name) => ![...known].some((id) => name.includes(id)));
}

function* checkJobs(team: string, { jobs, live, usage }: MemoryTeam): Generator<string> {
  for (const id of live.keys()) if (!jobs.has(id)) yield `${team}/${id} is live, but no job`;
  for (const [id, { end }] of jobs) {
    if ((end === null) !== live.has(id))
      yield `${team}/${id} is ${end === null ? 'neither live nor ended' : 'live though ended'}`;
    const row = live.get(id)?.value;
    if (row?.state === 'running' && (row.lease === null || row.intent === null))
      yield `${team}/${id} runs without lease`;
    if (row?.state === 'queued' && row.lease !== null) yield `${team}/${id} waits with a lease`;
    const accounts = [...usage.values()].filter((entry) => entry.jobId === id);
    const numbers = accounts.map((entry) => entry.attempt);
    if (new Set(numbers).size !== numbers.length) yield `${team}/${id} has an attempt with two usage rows: ${numbers}`;
    if (end === null) continue;
    if (end.attempts.length !== accounts.length)
      yield `${team}/${id} ended after ${end.attempts.length} attempts with ${accounts.length} usage rows`;
    const cost = sum(accounts.map((entry) => entry.costNanoUsd));
    if (end.cost.nanoUsd !== cost) yield `${team}/${id} says it cost ${end.cost.nanoUsd}, its usage rows say ${cost}`;
  }
}

function* checkMoney(team: string, { jobs, budgets, usage }: MemoryTeam): Generator<string> {
  for (const [period, { value }] of budgets) {
    const open = [...jobs.values()].filter((job) => job.end === null && job.budgetPeriod === period);
    const held = sum(open.map((job) => job.holdNanoUsd));
    if (value.heldNanoUsd !== held) yield `${team}/${period} holds ${value.heldNanoUsd}, its live jobs ${held}`;
  }
  const spent = sum([...budgets.values()].map(({ value }) => value.spentNanoUsd));
  const cost = sum([...usage.values()].map((entry) => entry.costNanoUsd));
  if (spent !== cost) yield `${team} has spent ${spent}, its usage rows say ${cost}`;
}
