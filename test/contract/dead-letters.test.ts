import { tableNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { BoundedTable } from '../../src/core/adapters/azure-tables/bounded-table.ts';
import { TableDeadLetters } from '../../src/core/adapters/azure-tables/dead-letters.ts';
import { MemoryDeadLetters } from '../../src/core/adapters/memory/dead-letters.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeDeadLetters } from './dead-letters.contract.ts';

describeDeadLetters('memory', async () => new MemoryDeadLetters());
describeDeadLetters(
  'Azurite',
  async () => new TableDeadLetters(new BoundedTable(await openAzurite(), tableNames.teams, patientBounds)),
);
