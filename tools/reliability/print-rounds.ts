import { type Column, renderTable } from '../demo/render-table.ts';
import type { Judgement } from './judge-jobs.ts';

/** One line of the table: a fault, how often it was injected, and what came of the jobs that met it. */
export interface Round {
  readonly fault: string;
  readonly injected: number;
  /** Submissions that were told 503; absent where none was made under the fault. */
  readonly refused?: number;
  readonly judgement: Judgement;
  /** The longest time in seconds that the last column tells; null where there is none to tell. */
  readonly recoverySeconds: number | null;
  /** Broken promises of this fault beside those of its jobs. */
  readonly broken: readonly string[];
}

interface RoundColumn extends Column {
  readonly cell: (round: Round) => string;
}

const columns: readonly RoundColumn[] = [
  { title: 'fault', align: 'left', cell: ({ fault }) => fault },
  count('injected', ({ injected }) => injected),
  count('told 503', ({ refused }) => refused ?? '–'),
  count('accepted', ({ judgement }) => judgement.accepted),
  count('ended', ({ judgement }) => judgement.ended),
  count('calls', ({ judgement }) => judgement.bill.sent),
  count('calls ÷ jobs', ({ judgement: { bill, accepted } }) => (bill.sent / Math.max(1, accepted)).toFixed(2)),
  count('billed', ({ judgement }) => judgement.bill.billed),
  count('usage rows', ({ judgement }) => judgement.bill.rows),
  count('unknown', ({ judgement }) => judgement.bill.unknown),
  {
    title: 'bill = ledger',
    align: 'left',
    cell: ({ judgement }) => (judgement.bill.differences.length === 0 ? 'yes' : 'NO'),
  },
];

function count(title: string, read: (round: Round) => number | string): RoundColumn {
  return { title, align: 'right', cell: (round) => `${read(round)}` };
}

/** What the columns do not say of themselves. */
const legend = [
  'calls, billed: what the simulated service was sent and what it billed. More calls than jobs: an answer died with its worker or on the way.',
  'usage rows, unknown: what Weir has on its accounts. More rows than billed: a call that never left or was not answered; unknown: nobody can tell.',
];

/** The table with what its last column is called, how the jobs ended, and each broken promise in a sentence; true when there is none. */
export function printRounds(
  rounds: readonly Round[],
  recoveryTitle: 'went on within' | 'all ended within',
  print: (line: string) => void,
): boolean {
  const recovery = count(recoveryTitle, ({ recoverySeconds }) =>
    recoverySeconds === null ? '–' : `${recoverySeconds.toFixed(1)} s`,
  );
  const titled = [...columns, recovery];
  const rows = rounds.map((round) => titled.map(({ cell }) => cell(round)));
  for (const line of ['', ...renderTable(titled, rows), '', ...legend, '']) print(line);
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
