import { BlobContentStore } from '../../src/core/adapters/azure-blobs/content-store.ts';
import { contentContainer } from '../../src/core/adapters/azure-storage/storage-names.ts';
import { MemoryContentStore } from '../../src/core/adapters/memory/content-store.ts';
import { makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import { sha256 } from '../../src/core/adapters/system/sha256.ts';
import { openAzurite, patientBounds } from '../support/storage-under-test.ts';
import { describeContentStore } from './content-store.contract.ts';

describeContentStore('memory', async () => {
  const state = makeMemoryState();
  return {
    store: new MemoryContentStore(state, sha256),
    async lose(name) {
      state.blobs.delete(name);
    },
    async overwrite(name, text) {
      state.blobs.set(name, { text, sha256: sha256('as it was') });
    },
  };
});
describeContentStore('Azurite', async () => {
  const connection = await openAzurite();
  const container = await connection.container(contentContainer);
  return {
    store: new BlobContentStore({ connection, bounds: patientBounds, sha256 }),
    async lose(name) {
      await container.getBlobClient(name).delete();
    },
    async overwrite(name, text) {
      await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
    },
  };
});
