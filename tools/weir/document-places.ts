import { readFile } from 'node:fs/promises';
import { makeTextBlobReader } from '../../src/core/adapters/azure-blobs/text-blob.ts';
import { connectStorage, type StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { locateDocument } from '../../src/core/adapters/config-source/read-document.ts';
import { CommandError } from './command-error.ts';
import { type KeysPlace, makeBlobPlace, makeFilePlace } from './keys-place.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line says about places. */
export interface PlaceOptions {
  readonly file: string | null;
  /** `<container>/<name>`. */
  readonly blob: string | null;
  /** Storage account, opened as whoever is signed in; null = the settings `AzureWebJobsStorage…`. */
  readonly account: string | null;
}

const defaultKeysFile = 'weir.keys.json';

/** Opens the storage account that was named, else the one of the settings. */
export function openStorage(account: string | null, environment: Environment): StorageConnection {
  if (account !== null && !/^[a-z0-9]{3,24}$/.test(account)) {
    throw new CommandError('--account: only the name of a storage account (3 to 24 letters and digits) is allowed.');
  }
  try {
    return connectStorage({ settings: account === null ? environment : { AzureWebJobsStorage__accountName: account } });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error} Or name the account with --account.`);
  }
}

/** Finds the keys document: `--file`, `--blob`, the setting `WEIR_KEYS`, or weir.keys.json in this folder. */
export function locateKeys(options: PlaceOptions, environment: Environment): KeysPlace {
  if (options.file !== null && options.blob !== null) throw new CommandError('Give --file or --blob, not both.');
  if (options.file !== null) return makeFilePlace(options.file);
  const setting = environment['WEIR_KEYS'];
  const given = options.blob === null ? setting : `blob:${options.blob}`;
  if (given === undefined || given === '') return makeFilePlace(defaultKeysFile);
  if (given.trim().startsWith('{')) {
    throw new CommandError('WEIR_KEYS holds the keys themselves, not their place: give --file or --blob.');
  }
  if (!given.startsWith('blob:')) return makeFilePlace(given);
  const [, container, name] = /^blob:([a-z0-9-]{3,63})\/(.{1,1024})$/.exec(given) ?? [];
  if (container === undefined || name === undefined) {
    throw new CommandError(`"${given.slice(5, 120)}" names no blob; write it as config/weir.keys.json.`);
  }
  return makeBlobPlace(openStorage(options.account, environment), container, name);
}

/** Reads a document named as a setting names it (file, inline JSON, `blob:…`); null when there is none. */
export async function readSettingDocument(
  setting: string,
  account: string | null,
  environment: Environment,
): Promise<string | null> {
  // A file is read without a storage account.
  if (!setting.startsWith('{') && !setting.startsWith('blob:')) {
    return readFile(setting, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }
  const place = locateDocument(setting, async (container, name, knownETag) => {
    const bounds = { totalMs: 60_000, tryMs: 30_000, maxTries: 3, retryDelayMs: 500 };
    const connection = openStorage(account, environment);
    return makeTextBlobReader({ connection, bounds })(container, name, knownETag);
  });
  const reading = await place.read(null);
  return reading.outcome === 'read' ? reading.text : null;
}
