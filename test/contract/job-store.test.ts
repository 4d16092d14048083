import { TableJobStore } from '../../src/core/adapters/azure-tables/job-store.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { failOnDamage, openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeJobStore } from './job-store.contract.ts';

describeJobStore('memory', () => new MemoryJobStore(makeMemoryState()));
describeJobStore('Azurite', async () => {
  return new TableJobStore({
    connection: await openAzurite(),
    bounds: patientBounds,
    random: systemRandom,
    reportDamage: failOnDamage,
  });
});
