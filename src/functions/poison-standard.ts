import { app } from '@azure/functions';
import { handlePoisonMessage } from './queue/handle-message.ts';

/** Takes what the host gave up on in the standard lane. */
export async function poisonStandard(message: unknown): Promise<void> {
  await handlePoisonMessage('standard', message);
}

app.storageQueue('poisonStandard', {
  queueName: 'jobs-standard-poison',
  connection: 'AzureWebJobsStorage',
  handler: poisonStandard,
});
