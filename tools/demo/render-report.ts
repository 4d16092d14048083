import { type Column, renderTable } from './render-table.ts';
import type { SimulatedCall } from './simulator-log.ts';
import type { Tally } from './tally.ts';
import type { Check } from './verify-run.ts';

export interface Report {
  readonly run: string;
  /** Jobs that Weir took; with none there is nothing to tabulate. */
  readonly accepted: number;
  readonly languages: number;
  readonly tookMs: number;
  readonly outages: number;
  /** Submissions that were answered 429 and came again. */
  readonly deferrals: number;
  /** Submissions that came again after a lost answer and got the job of the first. */
  readonly replays: number;
  /** Upstream calls whose worker died before it learnt the outcome: booked as such, and made again. */
  readonly unknownOutcomes: number;
  readonly teams: { readonly groups: readonly Tally[]; readonly all: Tally };
  readonly regions: readonly Tally[];
  readonly lanes: readonly Tally[];
  /** What the simulated regions logged for these jobs; null when they could not be asked. */
  readonly calls: readonly SimulatedCall[] | null;
  readonly checks: readonly Check[];
}

/** Colours a verdict; the identity where there are no colours. */
export type Paint = (verdict: Check['verdict'], text: string) => string;

/** The whole result as text: a table by team, one by region, one by lane, and the checks; only what failed when no job was accepted. */
export function renderReport(report: Report, paint: Paint): string {
  const { groups, all } = report.teams;
  if (report.accepted === 0) {
    const failed = report.checks.filter(({ verdict }) => verdict === 'fail');
    return ['', ...renderChecks(failed, paint), '', summarise(report)].join('\n');
  }
  return [
    '',
    ...renderTallies('team', [...groups, null, all]),
    '',
    ...renderTallies('region', report.regions),
    'jobs count in the region of their last call, 429s in the region that gave them',
    ...(report.calls === null ? [] : [describeCalls(report.calls)]),
    '',
    ...renderTallies('lane', report.lanes),
    '',
    'wait: from acceptance to the first upstream call; total: from acceptance to the end. Both by the clock of the service.',
    '',
    ...renderChecks(report.checks, paint),
    '',
    summarise(report),
  ].join('\n');
}

function renderTallies(title: string, tallies: readonly (Tally | null)[]): string[] {
  const titles = [
    'jobs',
    'ok',
    'failed',
    '429s',
    'wait p50',
    'p95',
    'total p50',
    'p95',
    'tokens in',
    'out',
    'cost USD',
  ];
  const columns: Column[] = [
    { title, align: 'left' },
    ...titles.map((name) => ({ title: name, align: 'right' as const })),
  ];
  return renderTable(
    columns,
    tallies.map((one) => (one === null ? null : toCells(one))),
  );
}

function toCells(one: Tally): string[] {
  const counts = [one.jobs, one.succeeded, one.failed, one.throttled].map(formatCount);
  const times = [one.wait.p50Ms, one.wait.p95Ms, one.total.p50Ms, one.total.p95Ms].map(formatDuration);
  const tokens = [one.inputTokens, one.outputTokens].map(formatCount);
  return [one.label, ...counts, ...times, ...tokens, (one.costMicroUsd / 1_000_000).toFixed(4)];
}

function describeCalls(calls: readonly SimulatedCall[]): string {
  const regions = [...Map.groupBy(calls, (call) => call.region)].sort(([left], [right]) => (left < right ? -1 : 1));
  const parts = regions.map(([region, own]) => {
    const refused = own.filter((call) => call.status === 429).length;
    return `${region} ${countOf(own.length, 'call')}, ${formatCount(refused)} × 429`;
  });
  return `seen by the simulated regions: ${parts.join(' · ')}`;
}

function renderChecks(checks: readonly Check[], paint: Paint): string[] {
  const words = { pass: 'PASS', fail: 'FAIL', skipped: 'SKIP' };
  const width = Math.max(...checks.map((check) => check.claim.length));
  return checks.map(
    ({ verdict, claim, detail }) => `${paint(verdict, words[verdict])}  ${claim.padEnd(width)}  ${detail}`,
  );
}

function summarise(report: Report): string {
  const { all } = report.teams;
  const parts = [
    report.accepted === 0
      ? `No job was accepted: none of the ${formatCount(all.jobs)} was done`
      : `${countOf(all.jobs, 'job')} in ${countOf(report.languages, 'language')} from ${countOf(report.teams.groups.length, 'team')}`,
    `${(report.tookMs / 1000).toFixed(1)} s`,
  ];
  if (report.deferrals > 0) parts.push(`told to come back later ${countOf(report.deferrals, 'time')}`);
  if (report.outages > 0) parts.push(`host away ${countOf(report.outages, 'time')}`);
  if (report.replays > 0) parts.push(`${countOf(report.replays, 'submission')} repeated without a second job`);
  if (report.unknownOutcomes > 0)
    parts.push(`${countOf(report.unknownOutcomes, 'call')} of unknown outcome made again`);
  return `${parts.join(' · ')} · ${report.run}`;
}

function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function formatCount(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `85 ms`, `4.21 s`, `2 m 05 s`; a dash for what nobody can tell. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 99_995) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}
