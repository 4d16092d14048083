import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { TableUsageStore } from '../../src/core/adapters/azure-tables/usage-store.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { MemoryUsageStore } from '../../src/core/adapters/memory/usage-store.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { failOnDamage, openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeUsageStore } from './usage-store.contract.ts';

describeUsageStore('memory', async () => {
  const state = makeMemoryState();
  return { jobs: new MemoryJobStore(state), usage: new MemoryUsageStore(state, 2) };
});
describeUsageStore('Azurite', async () => {
  const options = {
    connection: await openAzurite(),
    bounds: patientBounds,
    random: systemRandom,
    reportDamage: failOnDamage,
  };
  return { jobs: new TableJobStore(options), usage: new TableUsageStore({ ...options, pageSize: 2 }) };
});
