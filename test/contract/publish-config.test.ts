import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { publishConfig } from '../../tools/infra/publish-config.ts';

const connectionString = inject('storageConnectionString');
const container = new ContainerClient(connectionString, `config-${randomUUID()}`);
const noPause = async () => {};

beforeAll(async () => {
  await container.create();
});

const read = async (name: string) => (await container.getBlockBlobClient(name).downloadToBuffer()).toString('utf8');

describe('publishing the configuration', () => {
  it('replaces what is there', async () => {
    const blob = container.getBlockBlobClient('replaced');
    for (const text of ['one', 'zwölf'])
      expect(await publishConfig(blob, text, { onlyIfNone: false, onlyIf: null, pause: noPause })).toBe('published');
    expect(await read('replaced')).toBe('zwölf');
  });

  it('leaves what is there when it is only for the very first', async () => {
    const blob = container.getBlockBlobClient('first');
    const options = { onlyIfNone: true, onlyIf: null, pause: noPause };
    expect(await publishConfig(blob, 'one', options)).toBe('published');
    expect(await publishConfig(blob, 'two', options)).toBe('kept');
    expect(await read('first')).toBe('one');
  });

  it('replaces the one that it was told of and no other', async () => {
    const blob = container.getBlockBlobClient('of-two-runs');
    await publishConfig(blob, 'one', { onlyIfNone: false, onlyIf: null, pause: noPause });
    const { etag = '' } = await blob.getProperties();
    const options = { onlyIfNone: false, onlyIf: etag, pause: noPause };
    expect(await publishConfig(blob, 'two', options)).toBe('published');
    await expect(publishConfig(blob, 'three', options)).rejects.toThrow(/somebody else has published one since/);
    expect(await read('of-two-runs')).toBe('two');
  });

  it('waits while the role is not known yet, and no longer than it has to', async () => {
    let refusals = 2;
    const server = createServer((_request, response) => {
      refusals -= 1;
      response.writeHead(refusals >= 0 ? 403 : 201, { etag: '"1"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const pauses: number[] = [];
    try {
      const blob = new BlockBlobClient(`http://127.0.0.1:${port}/config/weir.config.json`);
      const pause = async (attempt: number) => void pauses.push(attempt);
      expect(await publishConfig(blob, 'x', { onlyIfNone: false, onlyIf: null, pause })).toBe('published');
      expect(pauses).toEqual([1, 2]);
    } finally {
      server.close();
    }
  });

  it('tells what storage says of anything else', async () => {
    const nowhere = new ContainerClient(connectionString, 'none-such').getBlockBlobClient('x');
    await expect(publishConfig(nowhere, 'x', { onlyIfNone: false, onlyIf: null, pause: noPause })).rejects.toThrow(
      /container/i,
    );
  });
});
