import { readError } from './call-weir.ts';
import type { Answer, Connection } from './connection.ts';
import { readJobList, readUsageList, type UsageReading } from './job-reading.ts';

/** Ids of all jobs that the service holds for the team under this run's project, asked for page by page. */
export async function listRunJobs(
  connection: Connection,
  team: string,
  run: string,
  sinceMs: number,
): Promise<string[]> {
  const ids: string[] = [];
  let after = '';
  for (;;) {
    const page = readJobList(await get(connection, team, `/jobs?limit=100${after}`));
    ids.push(...page.data.filter((job) => job.metadata['project'] === run).map((job) => job.id));
    const oldest = page.data.at(-1);
    // Newest first: past the beginning of the run there is nothing of it.
    const isPast = oldest !== undefined && (oldest.created_at + 60) * 1000 < sinceMs;
    if (!page.has_more || page.last_id === null || isPast) return ids;
    after = `&after=${page.last_id}`;
  }
}

/** The team's usage rows of this run; a window with more rows than one answer holds is asked for in halves. */
export async function listRunUsage(
  connection: Connection,
  team: string,
  run: string,
  window: { readonly fromMs: number; readonly toMs: number },
): Promise<UsageReading[]> {
  const [from, to] = [new Date(window.fromMs).toISOString(), new Date(window.toMs).toISOString()];
  const page = readUsageList(await get(connection, team, `/usage?from=${from}&to=${to}`));
  const middleMs = Math.floor((window.fromMs + window.toMs) / 2);
  if (!page.has_more || middleMs === window.fromMs) return page.data.filter((row) => row.project === run);
  const halves = [
    await listRunUsage(connection, team, run, { fromMs: window.fromMs, toMs: middleMs }),
    await listRunUsage(connection, team, run, { fromMs: middleMs, toMs: window.toMs }),
  ];
  return halves.flat();
}

async function get(connection: Connection, team: string, path: string): Promise<unknown> {
  const answer: Answer = await connection.ask(team, { method: 'GET', path, timeoutMs: 30_000 });
  if (answer.status === 200) return answer.body;
  throw new Error(`GET ${path} answered ${answer.status}: ${readError(answer.body)?.message ?? 'no reason given'}`);
}
