import { QueueServiceClient } from '@azure/storage-queue';
import type { Environment } from './app-settings.ts';
import { HostError } from './host-error.ts';

// A poll that fails is followed by another anyway; deletes and renewals get a second and third try within two seconds.
const clientOptions = { retryOptions: { maxTries: 3, retryDelayInMs: 250, maxRetryDelayInMs: 1000 } };

/**
 * The queue service of a binding's `connection` (default `AzureWebJobsStorage`): a connection string, or an identity
 * with `<connection>__queueServiceUri` or `__accountName`. As in WebJobs, `AzureWebJobs<connection>` is looked up first.
 */
export async function connectQueues(
  connection: string | undefined,
  environment: Environment,
): Promise<QueueServiceClient> {
  const name = connection === undefined || connection === '' ? 'AzureWebJobsStorage' : connection;
  for (const candidate of [`AzureWebJobs${name}`, name]) {
    const text = environment[candidate];
    if (text !== undefined && text !== '') return fromConnectionString(text, candidate);
    const account = environment[`${candidate}__accountName`];
    const uri =
      environment[`${candidate}__queueServiceUri`] ??
      (account === undefined ? undefined : `https://${account}.queue.core.windows.net`);
    if (uri === undefined) continue;
    const { DefaultAzureCredential } = await import('@azure/identity');
    const managedIdentityClientId = environment[`${candidate}__clientId`];
    const credential = new DefaultAzureCredential(
      managedIdentityClientId === undefined ? {} : { managedIdentityClientId },
    );
    return new QueueServiceClient(uri, credential, clientOptions);
  }
  throw new HostError(
    `The setting '${name}' is missing or empty: a queue trigger needs a connection string in it, or ${name}__queueServiceUri.`,
  );
}

function fromConnectionString(text: string, setting: string): QueueServiceClient {
  try {
    return QueueServiceClient.fromConnectionString(text, clientOptions);
  } catch {
    // The SDK's message may quote the string, and that holds the account's key.
    throw new HostError(`The setting '${setting}' is not a valid storage connection string.`);
  }
}
