import type { StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { callStorage, readStorageFailure } from '../../src/core/adapters/azure-storage/storage-call.ts';
import { contentContainer, queueNames, tableNames } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { WeirError } from '../../src/core/http/weir-error.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const bounds = { totalMs: 30_000, tryMs: 15_000, maxTries: 2, retryDelayMs: 500 };

/** Looks whether tables, queues and the container are there and may be read, and whether messages were given up on. */
export async function checkStorage(connection: StorageConnection): Promise<readonly Finding[]> {
  const findings = await Promise.all([
    ...Object.values(tableNames).map((name) => look(connection, `table ${name}`, () => readTable(connection, name))),
    ...Object.values(queueNames).map((name) => look(connection, `queue ${name}`, () => readDepth(connection, name))),
    look(connection, `container ${contentContainer}`, () => readContainer(connection)),
  ]);
  const poison = await Promise.all(Object.values(queueNames).map((name) => countPoison(connection, `${name}-poison`)));
  return [...summarise(findings), ...poison.flat()];
}

interface Look {
  readonly what: string;
  readonly failure: Finding | null;
}

/** One line for all that is well: seven of the same kind would hide the eighth. */
function summarise(looks: readonly Look[]): readonly Finding[] {
  const failures = looks.flatMap(({ failure }) => failure ?? []);
  const well = looks.filter(({ failure }) => failure === null).length;
  return [
    ...(well === 0 ? [] : [ok(`${well} of ${looks.length} tables, queues and containers are there`)]),
    ...failures,
  ];
}

async function look(connection: StorageConnection, what: string, run: () => Promise<unknown>): Promise<Look> {
  try {
    await run();
    return { what, failure: null };
  } catch (error) {
    return { what, failure: explain(what, error instanceof WeirError ? error.cause : error, connection.usesIdentity) };
  }
}

function explain(what: string, error: unknown, usesIdentity: boolean): Finding {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  if (status === 404) {
    return problem(
      `The ${what} is missing.`,
      'Deploy the infrastructure; with a connection string the app makes it at its start.',
    );
  }
  if (status === 401 || status === 403) {
    const fix =
      'Needs Storage Table, Queue and Blob Data Reader. A new role takes minutes; a private account needs its network.';
    // Who runs the doctor may well have fewer rights than the app.
    if (usesIdentity) return warning(`You may not read the ${what}: nothing can be said of it.`, fix);
    return problem(
      `The ${what} may not be read: the connection string is not accepted.`,
      'Renew it from the storage account.',
    );
  }
  const reason = error instanceof Error ? error.message.split('\n')[0] : 'no reason given';
  return problem(`The ${what} does not answer: ${reason}`, 'Check the account name, the network and your sign-in.');
}

async function readTable(connection: StorageConnection, name: string): Promise<void> {
  const table = await connection.table(name);
  await callStorage(`read table ${name}`, bounds, async ({ signal }) => {
    const pages = table.listEntities({ abortSignal: signal, queryOptions: { select: ['PartitionKey'] } });
    await pages.byPage({ maxPageSize: 1 }).next();
  });
}

async function readDepth(connection: StorageConnection, name: string): Promise<number> {
  const queue = await connection.queue(name);
  return callStorage(`read queue ${name}`, bounds, async ({ signal }) => {
    const { approximateMessagesCount } = await queue.getProperties({ abortSignal: signal });
    return approximateMessagesCount ?? 0;
  });
}

async function readContainer(connection: StorageConnection): Promise<void> {
  const container = await connection.container(contentContainer);
  await callStorage(`read container ${contentContainer}`, bounds, async ({ signal }) => {
    await container.getProperties({ abortSignal: signal });
  });
}

async function countPoison(connection: StorageConnection, name: string): Promise<readonly Finding[]> {
  try {
    const depth = await readDepth(connection, name);
    if (depth === 0) return [];
    return [
      warning(
        `${depth} messages lie in ${name}: nothing takes them out.`,
        'See whether the app runs: its poison functions empty this queue.',
      ),
    ];
  } catch (error) {
    // The host makes a poison queue when it first needs one.
    if (readStorageFailure(error instanceof WeirError ? error.cause : error) === 'unavailable') return [];
    throw error;
  }
}
