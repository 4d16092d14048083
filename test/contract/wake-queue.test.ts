import { AzureWakeQueue } from '../../src/core/adapters/azure-queues/wake-queue.ts';
import { queueNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { MemoryWakeQueue } from '../../src/core/adapters/memory/wake-queue.ts';
import { lanes } from '../../src/core/jobs/job.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeWakeQueue } from './wake-queue.contract.ts';

describeWakeQueue('memory', async () => {
  const state = makeMemoryState();
  const nowMs = Date.UTC(2026, 10, 2, 12);
  return {
    queue: new MemoryWakeQueue(state, () => nowMs),
    peek: async (lane) => state.queues[lane].filter(({ visibleAtMs }) => visibleAtMs <= nowMs).map(({ text }) => text),
  };
});
describeWakeQueue('Azurite', async () => {
  const connection = await openAzurite();
  for (const lane of lanes) await (await connection.queue(queueNames[lane])).clearMessages();
  return {
    queue: new AzureWakeQueue({ connection, bounds: patientBounds }),
    async peek(lane) {
      const queue = await connection.queue(queueNames[lane]);
      const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
      return peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString('utf8'));
    },
  };
});
