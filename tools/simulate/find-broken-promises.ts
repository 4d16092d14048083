import { isDamaged, type MemoryTeam, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { sha256 } from '../../src/core/adapters/system/sha256.ts';
import type { UsageRow } from '../../src/core/cost/usage-row.ts';
import type { Job } from '../../src/core/jobs/job.ts';
import { probeTeam } from '../../src/core/routing/plan-probe.ts';
import type { Clients } from './clients.ts';
import { markOf } from './compose-outcome.ts';
import { checkEarlierJobs } from './earlier-jobs.ts';
import { garbledTexts } from './incidents.ts';
import type { SimulatedService, UpstreamCall } from './simulated-upstream.ts';
import { isCalm } from './weather.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** Everything a run leaves behind. */
export interface Remains {
  readonly world: World;
  readonly witness: Witness;
  readonly service: SimulatedService;
  readonly clients: Clients;
}

/** What must hold at the end, when faults have stopped and time was given: one sentence for each promise that was not kept. */
export function* findBrokenPromises(remains: Remains): Generator<string> {
  const { world, witness, clients } = remains;
  const { touched, wipedOut } = world.hand;
  for (const [team, rows] of world.state.teams) {
    for (const id of rows.live.keys()) yield `${id} of ${team} has not ended in time`;
    for (const { value } of rows.budgets.values()) {
      if (value.heldNanoUsd !== 0 && !isDamaged(rows, 'budget', value.period))
        yield `${team} still holds ${value.heldNanoUsd} in ${value.period}`;
    }
    for (const job of rows.jobs.values()) {
      if (job.end === null) yield `${job.id} of ${team} is on record as open`;
      if (!clients.deleted.has(job.id) && !touched.has(job.id)) yield* checkAnswer(world, job);
    }
    yield* checkSpent(world, team, rows);
    yield* checkEarlierJobs(world, team);
  }
  const garbled = new Set(garbledTexts.map(sha256));
  for (const { sha256: hash, reason } of world.deadLetters.letters.values())
    if (!garbled.has(hash)) yield `a message of Weir's own became a dead letter: ${reason}`;
  for (const [id, job] of witness.accepted) {
    if (!witness.endedAtMs.has(id) && !wipedOut.has(id)) yield `${id} of ${job.team} never ended`;
  }
  for (const [id, { team }] of clients.acknowledged) {
    const isThere = openTeam(world.state, team).jobs.has(id);
    if (!isThere && !clients.deleted.has(id) && !touched.has(id)) yield `${id} was acknowledged and is gone`;
    if (!witness.accepted.has(id)) yield `${id} was acknowledged, but never accepted`;
  }
  for (const [id, team] of clients.erased) {
    if (touched.has(id)) continue;
    const { jobs } = openTeam(world.state, team);
    // A write that storage applies after its caller has gone can leave a blob that no row names.
    const mayBeLate = world.weather.storage.appliesLate > 0 || !isCalm(world.weather);
    const left = mayBeLate ? [] : [...world.state.blobs.keys()].filter((name) => name.includes(id));
    if (jobs.has(id) || left.length > 0) yield `${id} was deleted, and its content is still there`;
  }
  yield* compareBills(remains);
  yield* checkMoneyBack(remains);
}

/** What is spent is the sum of the usage rows, also where the budget row had to be counted anew; a row nobody has written since is judged by nothing. */
function* checkSpent({ hand }: World, team: string, rows: MemoryTeam): Generator<string> {
  const isMissing = [...(hand.lostBudgets.get(team) ?? [])].some((period) => !rows.budgets.has(period));
  const isUnreadable = [...rows.budgets.keys()].some((period) => isDamaged(rows, 'budget', period));
  if (isMissing || isUnreadable) return;
  const spent = [...rows.budgets.values()].reduce((sum, { value }) => sum + value.spentNanoUsd, 0);
  const cost = [...rows.usage.values()].reduce((sum, row) => sum + row.costNanoUsd, 0);
  if (spent !== cost) yield `${team} has spent ${spent} in the end, its usage rows say ${cost}`;
}

/** A job that succeeded shows an answer, and its own. */
function* checkAnswer(world: World, job: Job): Generator<string> {
  const { end, team } = job;
  // Nobody asks for a probe's answer: it is not kept.
  if (end === null || end.status !== 'succeeded' || team === probeTeam) return;
  const answered = end.attempts.filter(({ outcome }) => outcome === 'succeeded');
  if (end.response === null || answered.length === 0) {
    // What a probe was told is of no use to anybody and is not kept; that it was made is.
    const isProbe = job.team === probeTeam && answered.length > 0;
    if (!isProbe) yield `${job.id} succeeded without an answer`;
    return;
  }
  const { body } = end.response;
  const text = body.kind === 'inline' ? body.text : world.state.blobs.get(body.name)?.text;
  if (text === undefined) yield `the answer of ${job.id} is missing`;
  else if (!answered.some(({ number }) => text.includes(markOf(job.id, number))))
    yield `${job.id} shows an answer that is not its own`;
}

/** The service's bill against the usage rows, call by call; whatever nobody could learn is one row that says so. */
export function* compareBills({ world, service }: Remains): Generator<string> {
  const rows = new Map<string, UsageRow>();
  for (const team of world.state.teams.values()) {
    for (const row of team.usage.values()) rows.set(`${row.jobId}/${row.attempt}`, row);
  }
  const called = new Set<string>();
  for (const call of service.calls) {
    const key = `${call.jobId}/${call.attempt}`;
    // A call that was under way when its live row was deleted by hand: nobody knows of it any more.
    if (world.hand.touched.has(call.jobId)) {
      called.add(key);
      continue;
    }
    if (called.has(key)) yield `${call.jobId} was called twice under attempt ${call.attempt}`;
    called.add(key);
    const row = rows.get(key);
    if (row === undefined) yield `the call for ${call.jobId} attempt ${call.attempt} is not on the accounts`;
    else yield* compareRow(call, row);
  }
  for (const [key, row] of rows) {
    const mayBeUnsent = row.outcome === 'unknown' || row.costNanoUsd === 0;
    if (!called.has(key) && !mayBeUnsent) yield `${key} is on the accounts as ${row.outcome}, but was never called`;
  }
}

function* compareRow(call: UpstreamCall, row: UsageRow): Generator<string> {
  const where = `${call.jobId} attempt ${call.attempt}`;
  if (row.deployment !== call.deployment)
    yield `${where} went to ${call.deployment}, the accounts say ${row.deployment}`;
  if (!row.measured) {
    if (row.costNanoUsd === 0 && call.charge !== null) yield `${where} was charged, its estimate is nothing`;
    return;
  }
  const { inputTokens, outputTokens } = row.usage;
  const { charge } = call;
  if (charge === null && row.costNanoUsd > 0) yield `${where} was not charged, the accounts say it was`;
  if (charge === null) return;
  if (charge.inputTokens !== inputTokens || charge.outputTokens !== outputTokens) {
    yield `${where} was charged ${charge.inputTokens} + ${charge.outputTokens}, the accounts say ${inputTokens} + ${outputTokens}`;
  }
}

/** Each job's end sums up its own usage rows, also when it has been deleted since. */
function* checkMoneyBack({ world, witness }: Remains): Generator<string> {
  for (const [id, job] of witness.ends) {
    if (world.hand.touched.has(id)) continue;
    const rows = [...openTeam(world.state, job.team).usage.values()].filter(({ jobId }) => jobId === id);
    const cost = rows.reduce((sum, row) => sum + row.costNanoUsd, 0);
    if (job.end?.cost.nanoUsd !== cost) yield `${id} says it cost ${job.end?.cost.nanoUsd}, its usage rows say ${cost}`;
    if (job.end?.attempts.length !== rows.length) {
      yield `${id} tells ${job.end?.attempts.length} attempts, its usage rows ${rows.length}`;
    }
  }
}
