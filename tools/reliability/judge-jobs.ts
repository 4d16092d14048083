import { type Bill, compareBill } from '../../test/support/compare-bill.ts';
import { type WeirUnderTest, waitFor } from '../../test/support/weir-under-test.ts';

/** What became of accepted jobs, and every promise of docs/reliability.md that was broken over them. */
export interface Judgement {
  readonly accepted: number;
  readonly ended: number;
  /** Jobs by how they ended: `succeeded`, `failed worker_lost`, … */
  readonly ends: Readonly<Record<string, number>>;
  readonly bill: Bill;
  /** One sentence each; empty when every promise was kept. */
  readonly broken: readonly string[];
}

/** A step of a job's trail as the API tells it. */
export interface TrailStep {
  readonly type: string;
  /** Unix seconds with a fraction. */
  readonly at: number;
}

/** How long jobs may take until the last has ended, and how many are asked for at once. */
const askedAtOnce = 16;

/** Waits until every job has ended and judges: each once, holds gone, what was spent on record, the service's bill on the accounts. */
export async function judgeJobs(
  weir: WeirUnderTest,
  ids: readonly string[],
  options: {
    readonly withinMs: number;
    /** Ends beside `succeeded` that are no broken promise here. */
    readonly mayEnd?: readonly string[];
  },
): Promise<Judgement> {
  const broken: string[] = [];
  const ends: Record<string, number> = {};
  const untilMs = Date.now() + options.withinMs;
  await inParallel(ids, async (id) => {
    const end = await readEnd(weir, id, untilMs);
    if (end === null) {
      broken.push(`${id} has not ended`);
      return;
    }
    ends[end] = (ends[end] ?? 0) + 1;
    if (end !== 'succeeded' && !(options.mayEnd ?? []).includes(end)) broken.push(`${id} ended ${end}`);
    const terminal = (await readTrail(weir, id)).filter(({ type }) => isTerminal(type));
    if (terminal.length !== 1) broken.push(`${id} has ${terminal.length} ends on its trail`);
  });
  const ended = Object.values(ends).reduce((sum, count) => sum + count, 0);
  broken.push(...(await findMoneyFaults(weir)));
  const bill = await compareBill(weir, 'search', new Set(ids));
  broken.push(...bill.differences);
  return { accepted: ids.length, ended, ends, bill, broken };
}

/** The trail of a job, oldest step first. */
export async function readTrail(weir: WeirUnderTest, id: string): Promise<readonly TrailStep[]> {
  return (await weir.insist('GET', `/jobs/${id}/events`)).body.data;
}

/** Whether a step of a trail, or a status, is an end. */
export function isTerminal(status: string): boolean {
  return ['succeeded', 'failed', 'cancelled', 'expired'].includes(status);
}

/** Runs `work` for every item, `atOnce` at a time, in no order. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  atOnce = askedAtOnce,
): Promise<void> {
  const left = [...items];
  const take = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
}

async function readEnd(weir: WeirUnderTest, id: string, untilMs: number): Promise<string | null> {
  for (;;) {
    const { status, body } = await weir.request('GET', `/jobs/${id}?wait=5`);
    if (status === 200 && isTerminal(body.status))
      return body.error === null ? body.status : `${body.status} ${body.error.code}`;
    if (Date.now() > untilMs) return null;
  }
}

/** Money of the team at rest: nothing is held, and what was spent is the sum of the usage rows. */
async function findMoneyFaults(weir: WeirUnderTest): Promise<readonly string[]> {
  const readBudget = async () => (await weir.insist('GET', '/budgets/search')).body;
  // A submission that was told 503 may be on record all the same: such jobs end a little later.
  await waitFor('no money held', async () => (await readBudget()).held_usd === '0.000000', 120_000).catch(
    () => undefined,
  );
  const { held_usd: held, spent_usd: spent } = await readBudget();
  const { body } = await weir.insist('GET', '/usage?group_by=team');
  const cost = body.data[0]?.cost_usd ?? '0.000000';
  return [
    ...(held === '0.000000' ? [] : [`${held} USD are held though no job is live`]),
    ...(spent === cost ? [] : [`${spent} USD are spent by the budget, ${cost} by the usage rows`]),
  ];
}
