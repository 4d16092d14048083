import type { StorageConnection } from './connection.ts';
import { callStorage, type StorageBounds } from './storage-call.ts';
import { contentContainer, queueNames, tableNames } from './storage-names.ts';

// Once per start, while an emulator may still be warming up.
const creationBounds: StorageBounds = { totalMs: 10_000, tryMs: 5000, maxTries: 4, retryDelayMs: 300 };

/**
 * Creates the tables and the container that are missing: without them no job can be accepted. Does nothing under an
 * identity: there infrastructure declares them, and the identity has no right to create any.
 */
export async function ensureTables(connection: StorageConnection, bounds = creationBounds): Promise<void> {
  if (connection.usesIdentity) return;
  await Promise.all([
    ...Object.values(tableNames).map(async (name) => {
      const table = await connection.table(name);
      await callStorage(`create table ${name}`, bounds, ({ signal }) => table.createTable({ abortSignal: signal }));
    }),
    callStorage(`create container ${contentContainer}`, bounds, async ({ signal }) => {
      const container = await connection.container(contentContainer);
      await container.createIfNotExists({ abortSignal: signal });
    }),
  ]);
}

/** Creates the queues that are missing; while they are away jobs are accepted and wait. Does nothing under an identity. */
export async function ensureQueues(connection: StorageConnection, bounds = creationBounds): Promise<void> {
  if (connection.usesIdentity) return;
  await Promise.all(
    Object.values(queueNames).map(async (name) => {
      const queue = await connection.queue(name);
      await callStorage(`create queue ${name}`, bounds, ({ signal }) =>
        queue.createIfNotExists({ abortSignal: signal }),
      );
    }),
  );
}

/** Creates everything that is missing. */
export async function ensureStorage(connection: StorageConnection, bounds = creationBounds): Promise<void> {
  await Promise.all([ensureTables(connection, bounds), ensureQueues(connection, bounds)]);
}
