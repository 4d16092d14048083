import { type MemoryState, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { keyOfUsage } from '../../src/core/adapters/memory/usage-store.ts';
import type { UsageRow } from '../../src/core/cost/usage-row.ts';
import { noUsage } from '../../src/core/tokens/usage.ts';
import { simulatedModel } from './make-config.ts';

/** Enough short answers that Weir dares a cap of its own: some later answers will run into it and be asked for again. */
const answers = 60;

const jobPrefix = 'earlier-';

/** Whether a usage row was on record before the run began. */
export function isHistory({ jobId }: UsageRow): boolean {
  return jobId.startsWith(jobPrefix);
}

/** Puts earlier answers of a team on record, free of charge so that they disturb no bill. */
export function seedHistory(state: MemoryState, team: string, beforeMs: number): void {
  for (let number = 1; number <= answers; number += 1) {
    const row: UsageRow = {
      team,
      jobId: `${jobPrefix}${number}`,
      attempt: 1,
      atMs: beforeMs - number * 1000,
      model: simulatedModel,
      endpoint: '/v1/chat/completions',
      deployment: 'eastus',
      region: 'eastus',
      lane: 'standard',
      project: null,
      usage: { ...noUsage, inputTokens: 20, outputTokens: 30 },
      costNanoUsd: 0,
      priceId: null,
      measured: true,
      capSetBy: 'weir',
      choices: 1,
      cache: 'miss',
      outcome: 'succeeded',
      statusCode: 200,
      errorCode: null,
      latencyMs: 500,
    };
    openTeam(state, team).usage.set(keyOfUsage(row), row);
  }
}
