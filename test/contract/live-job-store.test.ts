import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from '../../src/core/adapters/azure-tables/live-job-store.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../src/core/adapters/memory/live-job-store.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { failOnDamage, openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeLiveJobStore } from './live-job-store.contract.ts';

describeLiveJobStore('memory', async () => {
  const state = makeMemoryState();
  return { jobs: new MemoryJobStore(state), live: new MemoryLiveJobStore(state, 2) };
});
describeLiveJobStore('Azurite', async () => {
  const options = {
    connection: await openAzurite(),
    bounds: patientBounds,
    random: systemRandom,
    reportDamage: failOnDamage,
  };
  return { jobs: new TableJobStore(options), live: new TableLiveJobStore({ ...options, pageSize: 2 }) };
});
