import { inject } from 'vitest';
import { connectStorage, type StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { ensureStorage } from '../../src/core/adapters/azure-storage/ensure-storage.ts';
import type { ReportDamage } from '../../src/core/adapters/azure-tables/read-rows.ts';

let opened: Promise<StorageConnection> | null = null;

/** The run's Azurite with all tables and queues made, one connection per test file. */
export function openAzurite(): Promise<StorageConnection> {
  opened ??= (async () => {
    const connection = connectStorage({ settings: { AzureWebJobsStorage: inject('storageConnectionString') } });
    await ensureStorage(connection);
    return connection;
  })();
  return opened;
}

/** For tests in which no row may be unreadable. */
export const failOnDamage: ReportDamage = (error) => {
  throw error;
};
