import { app } from '@azure/functions';
import { handlePoisonMessage } from './queue/handle-message.ts';

/** Takes what the host gave up on in the interactive lane. */
export async function poisonInteractive(message: unknown): Promise<void> {
  await handlePoisonMessage('interactive', message);
}

app.storageQueue('poisonInteractive', {
  queueName: 'jobs-interactive-poison',
  connection: 'AzureWebJobsStorage',
  handler: poisonInteractive,
});
