import { app, type InvocationContext } from '@azure/functions';
import { handleMessage } from './queue/handle-message.ts';

/** Drains the standard lane. */
export async function workStandard(message: unknown, context: InvocationContext): Promise<void> {
  await handleMessage('standard', message, context);
}

app.storageQueue('workStandard', {
  queueName: 'jobs-standard',
  connection: 'AzureWebJobsStorage',
  handler: workStandard,
});
