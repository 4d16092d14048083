import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeConfigSource } from '../../../../src/core/adapters/config-source/config-source.ts';
import { type DocumentReading, locateDocument } from '../../../../src/core/adapters/config-source/read-document.ts';
import { StorageUnavailableError } from '../../../../src/core/http/weir-error.ts';
import type { TelemetryEvent } from '../../../../src/core/telemetry/telemetry.ts';
import { minimalConfig } from './minimal-config.ts';

/** A storage account of one container, with ETags. */
class Blobs {
  readonly #blobs = new Map<string, { text: string; etag: string }>();
  isAway = false;
  reads = 0;

  put(name: string, document: unknown): void {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    this.#blobs.set(name, { text, etag: `"${this.#blobs.size}-${text.length}-${Math.trunc(this.reads)}"` });
  }

  readonly read = async (container: string, name: string, knownETag: string | null): Promise<DocumentReading> => {
    this.reads += 1;
    if (this.isAway) throw new StorageUnavailableError('test', null, 'storage is away');
    const blob = this.#blobs.get(`${container}/${name}`);
    if (blob === undefined) return { outcome: 'missing' };
    return blob.etag === knownETag
      ? { outcome: 'unchanged' }
      : { outcome: 'read', text: blob.text, version: blob.etag };
  };
}

const document = (tokensPerMinute: number) => {
  const config = minimalConfig();
  config.pools[0]!.deployments[0]!.tokensPerMinute = tokensPerMinute;
  return config;
};

function makeScene(setting: string, keysSetting: string | null = null) {
  const blobs = new Blobs();
  const notices: string[] = [];
  const telemetry = {
    track: (event: TelemetryEvent) => {
      if (event.type === 'notice') notices.push(`${event.name}: ${event.message}`);
    },
    flush: async () => {},
  };
  const source = makeConfigSource({
    setting,
    keysSetting,
    readBlob: blobs.read,
    telemetry,
    now: () => 1_795_000_000_000,
  });
  const limit = () => source.current().pools[0]?.deployments[0]?.tokensPerMinute;
  const told = (name: string) => notices.filter((notice) => notice.startsWith(name));
  return { blobs, source, notices, limit, told };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = () => vi.advanceTimersByTimeAsync(10_000);

describe('the configuration source', () => {
  it('reads inline JSON and says what is not in force', async () => {
    const { source, limit, told } = makeScene(JSON.stringify({ ...document(5000), limits: { maxSyncWaitSeconds: 5 } }));
    await source.start();
    expect(limit()).toBe(5000);
    expect(told('setting_not_in_force').join()).toContain('limits.maxSyncWaitSeconds');
  });

  it('has nothing before it was started', () => {
    expect(() => makeScene('{}').source.current()).toThrow('before it was loaded');
  });

  it('fails its first load with one message that names everything', async () => {
    const { source } = makeScene(JSON.stringify({ pools: [], teams: [{}], colour: 1 }));
    const message = await source.start().then(
      () => '',
      (error: Error) => error.message,
    );
    for (const path of [
      'WEIR_CONFIG (inline JSON): invalid',
      'pools: received an empty list',
      'teams[0].id: is missing',
      'colour: is not',
    ])
      expect(message).toContain(path);
  });

  it('fails its first load when the document is missing or misnamed', async () => {
    await expect(makeScene('blob:config/none.json').source.start()).rejects.toThrow(
      'WEIR_CONFIG (blob:config/none.json): there is no such document',
    );
    await expect(makeScene('/nowhere/at/all.json').source.start()).rejects.toThrow('there is no such document');
    expect(() => makeScene('blob:nonsense')).toThrow('a blob is named blob:<container>/<name>');
  });

  it('takes a changed blob within ten seconds and tells it once', async () => {
    const { blobs, source, limit, told } = makeScene('blob:config/weir.json');
    blobs.put('config/weir.json', document(5000));
    await source.start();
    blobs.put('config/weir.json', document(6000));
    expect(limit()).toBe(5000);
    await later();
    expect(limit()).toBe(6000);
    await later();
    expect(told('config_reloaded')).toHaveLength(1);
  });

  it('fault 31: keeps the last good one through bad, missing and unreadable documents, and tells each once', async () => {
    const { blobs, source, limit, told } = makeScene('blob:config/weir.json');
    blobs.put('config/weir.json', document(5000));
    await source.start();
    blobs.put('config/weir.json', '{ "pools": [');
    await later();
    await later();
    expect(limit()).toBe(5000);
    expect(told('config_reload_failed')).toHaveLength(1);
    expect(told('config_reload_failed')[0]).toContain('line 1, column 13');
    blobs.isAway = true;
    await later();
    await later();
    expect(told('config_reload_failed')).toHaveLength(2);
    expect(told('config_reload_failed')[1]).toContain('storage is away');
    blobs.isAway = false;
    blobs.put('config/weir.json', document(7000));
    await later();
    expect(limit()).toBe(7000);
  });

  it('adds issued keys, takes new ones, and starts without the document', async () => {
    const { blobs, source, notices } = makeScene(JSON.stringify(document(5000)), 'blob:config/keys.json');
    const keys = () => source.current().teams.map((team) => team.keys.length);
    await source.start();
    expect(keys()).toEqual([1, 1]);
    await later();
    expect(notices.filter((notice) => notice.startsWith('config_re'))).toEqual([]);
    blobs.put('config/keys.json', { keys: [{ team: 'search', sha256: 'c'.repeat(64) }] });
    await later();
    expect(keys()).toEqual([2, 1]);
    blobs.put('config/keys.json', { keys: 'broken' });
    await later();
    expect(keys()).toEqual([2, 1]);
  });

  it('starts again after the keys failed, with the configuration that was read the first time', async () => {
    const { blobs, source, limit, told } = makeScene('blob:config/weir.json', 'blob:config/keys.json');
    blobs.put('config/weir.json', { ...document(5000), limits: { maxSyncWaitSeconds: 5 } });
    blobs.put('config/keys.json', '{');
    await expect(source.start()).rejects.toThrow('WEIR_KEYS (blob:config/keys.json): invalid');
    expect(() => source.current()).toThrow('before it was loaded');
    blobs.put('config/keys.json', { keys: [{ team: 'search', sha256: 'c'.repeat(64) }] });
    await source.start();
    expect(limit()).toBe(5000);
    expect(source.current().teams.map((team) => team.keys.length)).toEqual([2, 1]);
    expect(told('setting_not_in_force')).toHaveLength(1);
  });

  it('does not start on a configuration that it refused before, and starts on its repair', async () => {
    const { blobs, source, limit } = makeScene('blob:config/weir.json', 'blob:config/keys.json');
    blobs.put('config/weir.json', '{ "pools": [');
    for (let tries = 0; tries < 3; tries += 1) await expect(source.start()).rejects.toThrow('line 1, column 13');
    blobs.put('config/weir.json', document(6000));
    await source.start();
    expect(limit()).toBe(6000);
  });

  it('starts once storage is back that was away at the first read', async () => {
    const { blobs, source, limit } = makeScene('blob:config/weir.json', 'blob:config/keys.json');
    blobs.put('config/weir.json', document(5000));
    blobs.isAway = true;
    await expect(source.start()).rejects.toThrow('storage is away');
    blobs.isAway = false;
    await source.start();
    expect(limit()).toBe(5000);
  });

  it('stops looking when it is stopped', async () => {
    const { blobs, source, limit } = makeScene('blob:config/weir.json');
    blobs.put('config/weir.json', document(5000));
    await source.start();
    await source.stop();
    await later();
    expect(blobs.reads).toBe(1);
    expect(limit()).toBe(5000);
  });
});

describe('a file as document', () => {
  it('is read again when it was written or replaced, and is told when it is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-config-'));
    try {
      const path = join(folder, 'weir.json');
      const place = locateDocument(path, async () => ({ outcome: 'missing' }));
      expect(await place.read(null)).toEqual({ outcome: 'missing' });
      await writeFile(path, 'one');
      const first = await place.read(null);
      expect(first).toMatchObject({ outcome: 'read', text: 'one' });
      const version = first.outcome === 'read' ? first.version : '';
      expect(await place.read(version)).toEqual({ outcome: 'unchanged' });
      await writeFile(join(folder, 'next.json'), 'two');
      await rename(join(folder, 'next.json'), path);
      expect(await place.read(version)).toMatchObject({ outcome: 'read', text: 'two' });
      await rm(path);
      expect(await place.read(version)).toEqual({ outcome: 'missing' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
