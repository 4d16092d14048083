import { inject } from 'vitest';
import { connectStorage, type StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { ensureStorage } from '../../src/core/adapters/azure-storage/ensure-storage.ts';
import type { StorageBounds } from '../../src/core/adapters/azure-storage/storage-call.ts';
import type { ReportDamage } from '../../src/core/adapters/azure-tables/read-rows.ts';

/** A storage emulator on a machine with other work answers late: what storage answers is tested here, not how soon. */
export const patientBounds: StorageBounds = { totalMs: 100_000, tryMs: 50_000, maxTries: 2, retryDelayMs: 10 };

let opened: Promise<StorageConnection> | null = null;

/** The run's Azurite with all tables and queues made, one connection per test file. */
export function openAzurite(): Promise<StorageConnection> {
  opened ??= (async () => {
    const connection = connectStorage({ settings: { AzureWebJobsStorage: inject('storageConnectionString') } });
    await ensureStorage(connection, patientBounds);
    return connection;
  })();
  return opened;
}

/** For tests in which no row may be unreadable. */
export const failOnDamage: ReportDamage = (error) => {
  throw error;
};
