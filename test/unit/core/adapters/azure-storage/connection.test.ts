import { describe, expect, it } from 'vitest';
import {
  connectStorage,
  isLoopbackHttp,
  readServiceUri,
} from '../../../../../src/core/adapters/azure-storage/connection.ts';

describe('connectStorage', () => {
  it('finds each service by the account or by its own address, the address first', () => {
    const account = { AzureWebJobsStorage__accountName: 'acme' };
    expect(readServiceUri(account, 'table')).toBe('https://acme.table.core.windows.net');
    const own = { ...account, AzureWebJobsStorage__queueServiceUri: 'https://queues.example/' };
    expect(readServiceUri(own, 'queue')).toBe('https://queues.example');
    expect(readServiceUri(own, 'blob')).toBe('https://acme.blob.core.windows.net');
  });

  it('says at once which settings are missing', () => {
    expect(() => connectStorage({ settings: {} })).toThrow(/AzureWebJobsStorage__accountName/);
    const half = { AzureWebJobsStorage__tableServiceUri: 'https://tables.example' };
    expect(() => connectStorage({ settings: half })).toThrow(/AzureWebJobsStorage__queueServiceUri/);
  });

  it('opens the account by identity, without a call', async () => {
    const settings = { AzureWebJobsStorage__accountName: 'acme', AzureWebJobsStorage__clientId: 'client' };
    const connection = connectStorage({ settings });
    expect(connection.usesIdentity).toBe(true);
    expect((await connection.queue('jobs-bulk')).url).toBe('https://acme.queue.core.windows.net/jobs-bulk');
    expect((await connection.table('teams')).tableName).toBe('teams');
    expect(await connection.table('teams')).toBe(await connection.table('teams'));
  });

  it.each([
    ['UseDevelopmentStorage=true', true],
    ['AccountName=a;TableEndpoint=http://127.0.0.1:10002/a', true],
    ['AccountName=a;TableEndpoint=http://localhost:10002/a', true],
    ['AccountName=a;TableEndpoint=http://[::1]:10002/a', true],
    ['AccountName=a;TableEndpoint=http://storage.example/a', false],
    ['AccountName=a;TableEndpoint=https://127.0.0.1/a', false],
    ['AccountName=a;TableEndpoint=http://127.0.0.1.example/a', false],
    ['AccountName=a;EndpointSuffix=core.windows.net', false],
  ])('takes plain HTTP to this machine only: %s', (connectionString, expected) => {
    expect(isLoopbackHttp(connectionString)).toBe(expected);
  });
});
