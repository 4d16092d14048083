import { app } from '@azure/functions';
import { handlePoisonMessage } from './queue/handle-message.ts';

/** Takes what the host gave up on in the bulk lane. */
export async function poisonBulk(message: unknown): Promise<void> {
  await handlePoisonMessage('bulk', message);
}

app.storageQueue('poisonBulk', {
  queueName: 'jobs-bulk-poison',
  connection: 'AzureWebJobsStorage',
  handler: poisonBulk,
});
