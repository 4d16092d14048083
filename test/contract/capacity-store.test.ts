import { TableCapacityStore } from '../../src/core/adapters/azure-tables/capacity-store.ts';
import { MemoryCapacityStore } from '../../src/core/adapters/memory/capacity-store.ts';
import { systemRandom } from '../../src/core/adapters/system/random.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeCapacityStore } from './capacity-store.contract.ts';

let writes = 0;
describeCapacityStore('memory', () => {
  writes += 1;
  return new MemoryCapacityStore(() => 1_790_000_000_000 + writes);
});
describeCapacityStore('Azurite', async () => {
  return new TableCapacityStore({ connection: await openAzurite(), bounds: patientBounds, random: systemRandom });
});
