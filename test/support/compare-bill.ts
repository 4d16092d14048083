import type { RequestRecord } from '../../tools/simulator/report.ts';
import { type WeirUnderTest, waitFor } from './weir-under-test.ts';

/** One row of `GET /usage`, as far as the bill is concerned. */
export interface UsageResource {
  readonly job: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly measured: boolean;
  readonly cost_usd: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** What the simulated service billed beside what Weir has on its books, call by call. */
export interface Bill {
  readonly sent: number;
  readonly billed: number;
  readonly rows: number;
  readonly unknown: number;
  /** One sentence per call that is on one side only. */
  readonly differences: readonly string[];
}

/** Requests as the simulator saw them, newest first. */
export async function readRequests(weir: WeirUnderTest): Promise<readonly RequestRecord[]> {
  const answer = await fetch(`${weir.simulatorUrl}/_sim/requests?limit=20000`);
  const body: unknown = await answer.json();
  const list = (body as { data?: unknown }).data;
  if (!Array.isArray(list)) throw new Error(`Not a list of requests: ${JSON.stringify(body).slice(0, 200)}`);
  return list;
}

/** Every usage row of a team. */
export async function readUsageRows(weir: WeirUnderTest, team = 'search'): Promise<readonly UsageResource[]> {
  const rows: UsageResource[] = [];
  for (let after = ''; ; ) {
    const { status, body } = await weir.insist('GET', `/usage?${after}`, { team });
    if (status !== 200) throw new Error(`No usage: ${status} ${JSON.stringify(body)}`);
    rows.push(...body.data);
    if (body.has_more !== true) return rows;
    after = `after=${body.last_id}`;
  }
}

/**
 * Compares the service's bill with the usage rows of a team: every billed call is a row, every row without one says so.
 * With `jobs` only those are compared.
 */
export async function compareBill(weir: WeirUnderTest, team = 'search', jobs?: ReadonlySet<string>): Promise<Bill> {
  const isMeant = ({ job }: { readonly job: string | null }) => jobs === undefined || (job !== null && jobs.has(job));
  const requests = (await readRequests(weir)).filter(isMeant);
  const rows = (await readUsageRows(weir, team)).filter(isMeant);
  const differences: string[] = [];
  const billed = new Map<string, number>();
  const sent = new Map<string, number>();
  for (const { job, attempt, billed: isBilled } of requests) {
    const call = `${job}#${attempt}`;
    sent.set(call, (sent.get(call) ?? 0) + 1);
    if (isBilled) billed.set(call, (billed.get(call) ?? 0) + 1);
  }
  for (const [call, times] of sent) if (times > 1) differences.push(`${call} was sent ${times} times`);
  const booked = new Set(rows.map((row) => `${row.job}#${row.attempt}`));
  if (booked.size !== rows.length) differences.push('an attempt has two usage rows');
  for (const call of billed.keys())
    if (!booked.has(call)) differences.push(`${call} was billed, but is not on the books`);
  for (const row of rows) {
    const call = `${row.job}#${row.attempt}`;
    if (Number(row.cost_usd) > 0 && row.measured && !billed.has(call))
      differences.push(`${call} is booked as measured, but was not billed`);
    if (Number(row.cost_usd) === 0 && billed.has(call))
      differences.push(`${call} was billed, but is booked at nothing`);
  }
  const unknown = rows.filter((row) => row.outcome === 'unknown').length;
  return { sent: requests.length, billed: billed.size, rows: rows.length, unknown, differences };
}

/**
 * Waits until the service's bill and the books of all are one. A region that is silent, as any is on a machine that stands still, is asked
 * by calls on Weir's own account, which operators see; and a call that has just ended is on the books a moment later than on the bill.
 */
export async function settleBill(weir: WeirUnderTest): Promise<void> {
  let differences: readonly string[] = [];
  const isSettled = async () => {
    differences = (await compareBill(weir, 'platform')).differences;
    return differences.length === 0;
  };
  await waitFor('bill and books to be one', isSettled).catch((error: unknown) => {
    throw new Error(`Bill and books differ: ${differences.join('; ')}`, { cause: error });
  });
}
