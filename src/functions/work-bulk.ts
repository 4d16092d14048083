import { app, type InvocationContext } from '@azure/functions';
import { handleMessage } from './queue/handle-message.ts';

/** Drains the bulk lane. */
export async function workBulk(message: unknown, context: InvocationContext): Promise<void> {
  await handleMessage('bulk', message, context);
}

app.storageQueue('workBulk', {
  queueName: 'jobs-bulk',
  connection: 'AzureWebJobsStorage',
  handler: workBulk,
});
