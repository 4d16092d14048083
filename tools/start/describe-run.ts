import type { RunFile } from './launch-state.ts';
import { findChatModel } from './local-config.ts';

/** The text that greets when everything runs: address, keys, and two commands to paste. */
export function describeRun(run: RunFile, config: Record<string, unknown>, tookMs: number): string {
  const lines = [`Weir is ready at ${run.baseUrl} (${(tookMs / 1000).toFixed(1)} s)`];
  if (run.simulatorUrl !== null) lines.push(`Simulated regions at ${run.simulatorUrl}`);
  const teams = Object.entries(run.keys);
  if (teams.length === 0) {
    lines.push('', 'The configuration lists its own key hashes: use the keys that belong to them.');
    return lines.join('\n');
  }
  const width = Math.max(...teams.map(([team]) => team.length));
  lines.push('', 'Team keys (also in .weir/run.json):');
  for (const [team, key] of teams) lines.push(`  ${team.padEnd(width)}  ${key}`);
  lines.push(...describeExample(run, config, teams));
  return [...lines, '', 'Ctrl-C stops everything.'].join('\n');
}

function describeExample(run: RunFile, config: Record<string, unknown>, teams: [string, string][]): string[] {
  for (const [team, key] of teams) {
    const model = findChatModel(config, team);
    if (model === undefined) continue;
    const messages = [{ role: 'user', content: 'Say in one sentence what a weir is.' }];
    const job = JSON.stringify({ endpoint: '/v1/chat/completions', body: { model, messages } });
    return [
      '',
      'Send a job:',
      `  curl -sS -i ${run.baseUrl}/jobs -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '${job}'`,
      '',
      'and ask for it with the id of the answer:',
      `  curl -sS '${run.baseUrl}/jobs/JOB_ID?wait=30' -H 'authorization: Bearer ${key}'`,
    ];
  }
  return [];
}
