import { z } from 'zod';

const callSchema = z.object({
  region: z.string(),
  status: z.int().nullable(),
  outcome: z.string(),
  job: z.string().nullable(),
  attempt: z.string().nullable(),
});

/** One call as the simulated service logged it. */
export type SimulatedCall = z.output<typeof callSchema>;

const reportSchema = z.object({ startedAt: z.string(), total: z.object({ received: z.int() }) });
const requestsSchema = z.object({ data: z.array(callSchema) });

/** Which simulator runs, and what it has received so far: another `startedAt` is another simulator, with a log that starts anew. */
export interface SimulatorMark {
  readonly startedAt: string;
  readonly received: number;
}

/** Calls since a mark; `unavailable` says why nobody can tell. */
export type SimulatorReading =
  | { readonly outcome: 'read'; readonly calls: readonly SimulatedCall[] }
  | { readonly outcome: 'unavailable'; readonly reason: string };

// The most that the simulator keeps.
const longestLog = 20_000;

/** Marks the simulator's log before a run; null when there is no simulator or it does not answer. */
export async function markSimulator(url: string | null): Promise<SimulatorMark | null> {
  if (url === null) return null;
  try {
    const report = reportSchema.parse(await getJson(`${url}/_sim/report`));
    return { startedAt: report.startedAt, received: report.total.received };
  } catch {
    return null;
  }
}

/** Reads what the simulator has logged since the mark; never throws. */
export async function readCallsSince(url: string | null, mark: SimulatorMark | null): Promise<SimulatorReading> {
  if (url === null || mark === null) return { outcome: 'unavailable', reason: 'no simulator answered' };
  const now = await markSimulator(url);
  if (now === null) return { outcome: 'unavailable', reason: 'the simulator does not answer any more' };
  if (now.startedAt !== mark.startedAt || now.received < mark.received) {
    return {
      outcome: 'unavailable',
      reason: 'the simulator was started anew or reset during the run, its log with it',
    };
  }
  const count = now.received - mark.received;
  if (count > longestLog) return { outcome: 'unavailable', reason: `${count} calls are more than its log keeps` };
  try {
    const { data } = requestsSchema.parse(await getJson(`${url}/_sim/requests?limit=${longestLog}`));
    return { outcome: 'read', calls: data };
  } catch (error) {
    return { outcome: 'unavailable', reason: `its log cannot be read: ${String(error)}` };
  }
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return response.json();
}
