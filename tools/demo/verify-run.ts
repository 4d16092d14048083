import type { UsageReading } from './job-reading.ts';
import { isSettled, type JobRecord } from './job-record.ts';
import type { SimulatedCall, SimulatorReading } from './simulator-log.ts';

/** One thing that must hold, and whether it did; `skipped` when nobody can tell. */
export interface Check {
  readonly verdict: 'pass' | 'fail' | 'skipped';
  readonly claim: string;
  readonly detail: string;
}

/** What the service and the simulator say after the run; null where they could not be asked. */
export interface Evidence {
  /** Ids that the service lists for this run. */
  readonly listedIds: readonly string[] | null;
  readonly usage: readonly UsageReading[] | null;
  readonly simulator: SimulatorReading;
}

/** Decides whether anything was lost, doubled, failed or unaccounted for. */
export function verifyRun(records: readonly JobRecord[], evidence: Evidence): Check[] {
  const accepted = records.filter((record) => record.id !== null);
  return [
    checkAccepted(records, accepted),
    checkEnded(accepted),
    checkSucceeded(accepted),
    checkOnce(accepted, evidence.listedIds),
    checkUsage(accepted, evidence.usage),
    checkUpstream(accepted, evidence.simulator),
  ];
}

function checkAccepted(records: readonly JobRecord[], accepted: readonly JobRecord[]): Check {
  const refused = records.find((record) => record.refusal !== null);
  const why = refused === undefined ? '' : `; refused, for example: ${refused.refusal}`;
  return judge(
    accepted.length === records.length,
    'Every job was accepted',
    `${accepted.length} of ${records.length}${why}`,
  );
}

function checkEnded(accepted: readonly JobRecord[]): Check {
  const ended = accepted.filter((record) => isSettled(record) && !record.isLost);
  const missing = accepted.find((record) => !ended.includes(record));
  const why = missing === undefined ? '' : `; missing, for example: ${missing.id}`;
  return judge(
    ended.length === accepted.length,
    'None was lost',
    `${accepted.length} accepted = ${ended.length} ended${why}`,
  );
}

function checkSucceeded(accepted: readonly JobRecord[]): Check {
  const succeeded = accepted.filter((record) => record.reading?.status === 'succeeded');
  const other = accepted.find((record) => isSettled(record) && !succeeded.includes(record));
  const how = `${other?.id} ${other?.reading?.status} ${other?.reading?.error?.code ?? ''}`.trim();
  const why = other === undefined ? '' : `; not so, for example: ${how}`;
  return judge(
    succeeded.length === accepted.length,
    'Every accepted job succeeded',
    `${succeeded.length} of ${accepted.length}${why}`,
  );
}

function checkOnce(accepted: readonly JobRecord[], listedIds: readonly string[] | null): Check {
  const claim = 'No job exists twice';
  const own = accepted.flatMap((record) => record.id ?? []);
  const distinct = new Set(own);
  if (distinct.size !== own.length)
    return judge(false, claim, `${own.length} submissions gave only ${distinct.size} jobs`);
  if (listedIds === null) return skip(claim, 'the list of jobs could not be read');
  const strangers = listedIds.filter((id) => !distinct.has(id));
  const isSame = strangers.length === 0 && listedIds.length === own.length;
  return judge(isSame, claim, `${own.length} accepted = ${listedIds.length} listed by the service`);
}

function checkUsage(accepted: readonly JobRecord[], usage: readonly UsageReading[] | null): Check {
  const claim = 'The accounts hold every upstream call once';
  if (usage === null) return skip(claim, 'the usage could not be read');
  const attempts = attemptKeys(accepted);
  const rows = usage.map((row) => `${row.job}/${row.attempt}`);
  const tokens = sumTokens(usage);
  const expected = sumTokens(accepted.flatMap((record) => record.reading?.usage ?? []));
  const detail = `${attempts.length} attempts = ${rows.length} usage rows, ${expected} tokens = ${tokens} tokens`;
  return judge(isSameBag(attempts, rows) && tokens === expected, claim, detail);
}

/**
 * Every call the simulator saw is an attempt that Weir tells of, none came twice, and every answer Weir tells of was
 * given. An attempt that never reached the simulator (refused connection) is no contradiction.
 */
function checkUpstream(accepted: readonly JobRecord[], simulator: SimulatorReading): Check {
  const claim = 'The simulated regions saw no other call';
  if (simulator.outcome === 'unavailable') return skip(claim, simulator.reason);
  const ids = new Set(accepted.map((record) => record.id));
  const calls = simulator.calls.filter((call) => ids.has(call.job));
  const seen = calls.map(callKey);
  const told = new Set(attemptKeys(accepted));
  const answered = attemptKeys(accepted, 'succeeded');
  const unknownCall = seen.find((key) => !told.has(key));
  const twice = seen.find((key, index) => seen.indexOf(key) !== index);
  const unseen = answered.find((key) => !seen.includes(key));
  const problem =
    (unknownCall && `; not in any job: ${unknownCall}`) ||
    (twice && `; sent twice: ${twice}`) ||
    (unseen && `; told but not seen: ${unseen}`) ||
    '';
  return judge(problem === '', claim, `${calls.length} calls seen, ${told.size} attempts told${problem}`);
}

function attemptKeys(records: readonly JobRecord[], outcome?: string): string[] {
  return records.flatMap((record) =>
    (record.reading?.attempts ?? [])
      .filter((attempt) => outcome === undefined || attempt.outcome === outcome)
      .map((attempt) => `${record.id}/${attempt.number}`),
  );
}

function callKey(call: SimulatedCall): string {
  return `${call.job}/${call.attempt}`;
}

function isSameBag(left: readonly string[], right: readonly string[]): boolean {
  const sorted = right.toSorted();
  return left.length === right.length && left.toSorted().every((key, index) => key === sorted[index]);
}

function sumTokens(rows: readonly { readonly input_tokens: number; readonly output_tokens: number }[]): number {
  return rows.reduce((total, row) => total + row.input_tokens + row.output_tokens, 0);
}

function judge(holds: boolean, claim: string, detail: string): Check {
  return { verdict: holds ? 'pass' : 'fail', claim, detail };
}

function skip(claim: string, detail: string): Check {
  return { verdict: 'skipped', claim, detail };
}
