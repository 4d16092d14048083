import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { type DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import { queueNames, tableNames } from '../../../src/core/adapters/azure-storage/storage-names.ts';
import type { Ports } from '../../../src/core/gateway/ports.ts';
import { receiveMessage } from '../../../src/core/gateway/receive-message.ts';
import type { Lane } from '../../../src/core/jobs/job.ts';

/**
 * One worker of the real run: the whole gateway as `core/composition/` builds it, and in place of the Functions host a loop that takes
 * messages as `host.json` has it (32 at a time while no more than 32 are in hand, asked again after 0.1 to 1 s).
 */
const batchSize = 32;
const invisibleSeconds = 600;

let operations = 0;
let isTaking = true;

/** Counts every request to the table `capacity`, transactions and lost ones included, by a policy in the SDK's pipeline. */
function countOperations(): void {
  type Policy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];
  const count: Policy = {
    position: 'perRetry',
    policy: {
      name: 'benchCountOperations',
      sendRequest: (request, next) => {
        operations += 1;
        return next(request);
      },
    },
  };
  const open = TableClient.fromConnectionString.bind(TableClient);
  TableClient.fromConnectionString = (connection, name, options) => {
    const additionalPolicies = [
      ...(options?.additionalPolicies ?? []),
      ...(name === tableNames.capacity ? [count] : []),
    ];
    return open(connection, name, { ...options, additionalPolicies });
  };
}

async function main(): Promise<void> {
  countOperations();
  const { getApplication, startApplication, stopApplication } = await import(
    '../../../src/core/composition/lifecycle.ts'
  );
  await startApplication();
  const { ports } = await getApplication();
  const stop = async () => {
    isTaking = false;
    await stopApplication();
    tell();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  setInterval(tell, 1000);
  process.stdout.write('worker ready\n');
  await Promise.all([drain(ports, 'interactive'), drain(ports, 'bulk')]);
}

function tell(): void {
  process.stdout.write(`operations ${operations}\n`);
}

async function drain(ports: Ports, lane: Lane): Promise<void> {
  const queue = new QueueClient(process.env['AzureWebJobsStorage'] ?? '', queueNames[lane]);
  let inHand = 0;
  let pauseMs = 100;
  const handle = async (message: DequeuedMessageItem): Promise<void> => {
    inHand += 1;
    try {
      const text = Buffer.from(message.messageText, 'base64').toString('utf8');
      await receiveMessage(ports, lane, { text, expiresAtMs: null });
      await queue.deleteMessage(message.messageId, message.popReceipt);
    } catch (error) {
      process.stdout.write(`failed ${error instanceof Error ? error.message : String(error)}\n`);
    } finally {
      inHand -= 1;
    }
  };
  while (isTaking) {
    const isFull = inHand > batchSize;
    const options = { numberOfMessages: batchSize, visibilityTimeout: invisibleSeconds };
    const found = isFull ? [] : (await queue.receiveMessages(options)).receivedMessageItems;
    for (const message of found) void handle(message);
    pauseMs = found.length > 0 || isFull ? 100 : Math.min(1000, pauseMs * 2);
    await ports.clock.sleep(pauseMs);
  }
}

await main();
