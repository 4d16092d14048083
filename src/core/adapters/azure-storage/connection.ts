import type { TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import type { ContainerClient } from '@azure/storage-blob';
import type { QueueClient } from '@azure/storage-queue';
import { conditionalDeletionPolicy } from './conditional-deletion.ts';
import { type ObserveDate, observeDatePolicy } from './observe-date.ts';

/** Settings of the app by name, as the host's own connection reads them. */
export type StorageSettings = Readonly<Record<string, string | undefined>>;

/** The app's storage account: clients are made once per name, their SDK loaded at first use. */
export interface StorageConnection {
  /** True when Entra ID opens the account: then infrastructure makes tables and queues, the app may not. */
  readonly usesIdentity: boolean;
  table(name: string): Promise<TableClient>;
  queue(name: string): Promise<QueueClient>;
  container(name: string): Promise<ContainerClient>;
}

export interface ConnectionOptions {
  readonly settings: StorageSettings;
  /** Told the `Date` of every answer of the table service: storage time is learnt from it. */
  readonly observeDate?: ObserveDate;
}

type Service = 'blob' | 'queue' | 'table';

const setting = 'AzureWebJobsStorage';
// Retries are callStorage's: it knows which tries may have been applied.
const tableRetries = { maxRetries: 0 };
const singleTry = { maxTries: 1 };

/**
 * Opens the storage account named by `AzureWebJobsStorage` (connection string) or by `AzureWebJobsStorage__accountName` or
 * `__blobServiceUri`, `__queueServiceUri`, `__tableServiceUri` with an identity (`__clientId`). Throws when neither is set.
 */
export function connectStorage(options: ConnectionOptions): StorageConnection {
  const connectionString = options.settings[setting];
  const open =
    connectionString === undefined || connectionString === ''
      ? openWithIdentity(options)
      : openWithConnectionString(connectionString, options);
  return {
    usesIdentity: open.usesIdentity,
    table: once(open.table),
    queue: once(open.queue),
    container: once(open.container),
  };
}

function openWithConnectionString(connectionString: string, options: ConnectionOptions): StorageConnection {
  return {
    usesIdentity: false,
    async table(name) {
      const { TableClient } = await import('@azure/data-tables');
      return TableClient.fromConnectionString(connectionString, name, {
        ...tableOptions(options),
        allowInsecureConnection: isLoopbackHttp(connectionString),
      });
    },
    async queue(name) {
      const { QueueClient } = await import('@azure/storage-queue');
      return new QueueClient(connectionString, name, { retryOptions: singleTry });
    },
    async container(name) {
      const { ContainerClient } = await import('@azure/storage-blob');
      return new ContainerClient(connectionString, name, { retryOptions: singleTry });
    },
  };
}

function openWithIdentity(options: ConnectionOptions): StorageConnection {
  const uri = (service: Service) => readServiceUri(options.settings, service);
  // All three are read now: a missing one is an error at the start, not at the first large body.
  const uris = { table: uri('table'), queue: uri('queue'), blob: uri('blob') };
  let credential: Promise<TokenCredential> | null = null;
  const identify = () => {
    credential ??= makeCredential(options.settings);
    return credential;
  };
  return {
    usesIdentity: true,
    async table(name) {
      const { TableClient } = await import('@azure/data-tables');
      return new TableClient(uris.table, name, await identify(), tableOptions(options));
    },
    async queue(name) {
      const { QueueClient } = await import('@azure/storage-queue');
      return new QueueClient(`${uris.queue}/${name}`, await identify(), { retryOptions: singleTry });
    },
    async container(name) {
      const { ContainerClient } = await import('@azure/storage-blob');
      return new ContainerClient(`${uris.blob}/${name}`, await identify(), { retryOptions: singleTry });
    },
  };
}

function tableOptions(options: ConnectionOptions) {
  const policies = [{ policy: conditionalDeletionPolicy, position: 'perCall' as const }];
  const observers = options.observeDate
    ? [{ policy: observeDatePolicy(options.observeDate), position: 'perRetry' as const }]
    : [];
  return { retryOptions: tableRetries, additionalPolicies: [...policies, ...observers] };
}

/** Address of one storage service for an identity; throws, naming the settings, when none is given. */
export function readServiceUri(settings: StorageSettings, service: Service): string {
  const given = settings[`${setting}__${service}ServiceUri`];
  if (given) return given.replace(/\/+$/, '');
  const account = settings[`${setting}__accountName`];
  if (account) return `https://${account}.${service}.core.windows.net`;
  throw new Error(
    `No storage account is configured: set ${setting} (a connection string), or ${setting}__accountName, or ${setting}__${service}ServiceUri.`,
  );
}

async function makeCredential(settings: StorageSettings): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = settings[`${setting}__clientId`];
  if (settings[`${setting}__credential`] === 'managedidentity') {
    return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
  }
  return clientId ? new DefaultAzureCredential({ managedIdentityClientId: clientId }) : new DefaultAzureCredential();
}

/** Whether a connection string leads to plain HTTP on this machine (Azurite); plain HTTP elsewhere stays refused by the SDK. */
export function isLoopbackHttp(connectionString: string): boolean {
  if (/(^|;)\s*UseDevelopmentStorage\s*=\s*true/i.test(connectionString)) return true;
  const endpoint = /(?:^|;)\s*TableEndpoint\s*=\s*([^;]+)/i.exec(connectionString)?.[1];
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname));
}

function once<T>(make: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}
