import { type Column, renderTable } from '../demo/render-table.ts';
import type { Judgement } from './judge-jobs.ts';

/** One line of the table: a fault, how often it was injected, and what came of the jobs that met it. */
export interface Round {
  readonly fault: string;
  readonly injected: number;
  /** Submissions that were told 503; absent where none was made under the fault. */
  readonly refused?: number;
  readonly judgement: Judgement;
  /** Longest time until a job that the fault had stopped went on or ended, in seconds; null where none was stopped. */
  readonly recoverySeconds: number | null;
  /** Broken promises of this fault beside those of its jobs. */
  readonly broken: readonly string[];
}

const columns: readonly Column[] = [
  { title: 'fault', align: 'left' },
  { title: 'injected', align: 'right' },
  { title: 'told 503', align: 'right' },
  { title: 'accepted', align: 'right' },
  { title: 'ended', align: 'right' },
  { title: 'calls', align: 'right' },
  { title: 'calls ÷ jobs', align: 'right' },
  { title: 'billed', align: 'right' },
  { title: 'usage rows', align: 'right' },
  { title: 'unknown', align: 'right' },
  { title: 'bill = ledger', align: 'left' },
  { title: 'went on within', align: 'right' },
];

/** The table, how the jobs ended, and each broken promise in a sentence; true when there is none. */
export function printRounds(rounds: readonly Round[], print: (line: string) => void): boolean {
  const rows = rounds.map(({ fault, injected, refused, judgement: { accepted, ended, bill }, recoverySeconds }) => [
    fault,
    `${injected}`,
    refused === undefined ? '–' : `${refused}`,
    `${accepted}`,
    `${ended}`,
    `${bill.sent}`,
    (bill.sent / Math.max(1, accepted)).toFixed(2),
    `${bill.billed}`,
    `${bill.rows}`,
    `${bill.unknown}`,
    bill.differences.length === 0 ? 'yes' : 'NO',
    recoverySeconds === null ? '–' : `${recoverySeconds.toFixed(1)} s`,
  ]);
  for (const line of renderTable(columns, rows)) print(line);
  print('');
  print(`Ends: ${describeEnds(rounds)}`);
  const broken = rounds.flatMap(({ fault, broken, judgement }) =>
    [...judgement.broken, ...broken].map((what) => `${fault}: ${what}`),
  );
  for (const what of broken) print(`BROKEN  ${what}`);
  print(broken.length === 0 ? 'Every promise was kept.' : `${broken.length} promises were broken.`);
  return broken.length === 0;
}

function describeEnds(rounds: readonly Round[]): string {
  const sums = new Map<string, number>();
  for (const { judgement } of rounds)
    for (const [end, count] of Object.entries(judgement.ends)) sums.set(end, (sums.get(end) ?? 0) + count);
  return [...sums].map(([end, count]) => `${count} ${end}`).join(', ') || 'none';
}
