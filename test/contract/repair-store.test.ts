import { describe, expect, it } from 'vitest';
import { tableNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from '../../src/core/adapters/azure-tables/live-job-store.ts';
import { TableRepairStore } from '../../src/core/adapters/azure-tables/repair-store.ts';
import { damageRow } from '../../src/core/adapters/memory/damage-row.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../src/core/adapters/memory/live-job-store.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { MemoryRepairStore } from '../../src/core/adapters/memory/repair-store.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { makeSampleId, makeSampleJob } from '../support/sample-jobs.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { accept, makeTeam } from './job-store.contract.ts';
import { describeRepairStore } from './repair-store.contract.ts';

describeRepairStore('memory', async () => {
  const state = makeMemoryState();
  return {
    jobs: new MemoryJobStore(state),
    live: new MemoryLiveJobStore(state, 2),
    repairs: new MemoryRepairStore(state, 2),
    hurt: async (team, row, how) => damageRow(state, team, row, how),
  };
});

async function openTables() {
  const connection = await openAzurite();
  const options = { connection, bounds: patientBounds, random: systemRandom, reportDamage: () => {} };
  const table = await connection.table(tableNames.teams);
  return {
    table,
    jobs: new TableJobStore(options),
    live: new TableLiveJobStore({ ...options, pageSize: 2 }),
    repairs: new TableRepairStore({ ...options, pageSize: 2 }),
  };
}

describeRepairStore('Azurite', async () => {
  const { table, ...stores } = await openTables();
  return {
    ...stores,
    async hurt(team, { kind, key }, how) {
      const entity = { partitionKey: team, rowKey: `${kind}|${key}` };
      if (how === 'delete') await table.deleteEntity(team, entity.rowKey);
      else await table.updateEntity({ ...entity, [`${kind}0`]: '{"team":', job: 0 }, 'Merge');
    },
  };
});

describe('a row edited by hand in the table', () => {
  const edits: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['a lease without its end', { state: 'running', lease: { holder: 'me' } }],
    [
      'an intent that costs a fraction',
      { intent: { deployment: 'd', region: 'r', startedAtMs: 1, usage: {}, costNanoUsd: 0.5 } },
    ],
    ['a state that there is not', { state: 'paused' }],
    ['a lane that there is not', { lane: 'express' }],
    ['the id of another job', { id: makeSampleId(1) }],
    ['the name of another team', { team: 'other' }],
    ['no record of what was billed', { billed: null }],
  ];

  it.each(edits)('is damaged, not believed: %s', async (_what, edit) => {
    const [{ table, jobs, repairs }, team] = [await openTables(), makeTeam()];
    const job = makeSampleJob(team);
    await jobs.apply(team, [accept(job)], null);
    const rowKey = `live|${job.id}`;
    const { live0 } = await table.getEntity<{ live0: string }>(team, rowKey);
    const edited = JSON.stringify({ ...JSON.parse(live0), ...edit });
    await table.updateEntity({ partitionKey: team, rowKey, live0: edited }, 'Merge');
    expect((await repairs.findLive(team, job.id)).kind).toBe('damaged');
  });

  it('of a newer version is left alone', async () => {
    const [{ table, jobs, repairs }, team] = [await openTables(), makeTeam()];
    const job = makeSampleJob(team);
    await jobs.apply(team, [accept(job)], null);
    await table.updateEntity({ partitionKey: team, rowKey: `job|${job.id}`, v: 99 }, 'Merge');
    expect(await repairs.findJob(team, job.id)).toEqual({ kind: 'newer' });
  });
});
