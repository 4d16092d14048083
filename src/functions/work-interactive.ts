import { app, type InvocationContext } from '@azure/functions';
import { handleMessage } from './queue/handle-message.ts';

/** Drains the interactive lane. */
export async function workInteractive(message: unknown, context: InvocationContext): Promise<void> {
  await handleMessage('interactive', message, context);
}

app.storageQueue('workInteractive', {
  queueName: 'jobs-interactive',
  connection: 'AzureWebJobsStorage',
  handler: workInteractive,
});
