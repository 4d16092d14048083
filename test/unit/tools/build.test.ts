import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../../tools/build.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-build-'));
  mkdirSync(join(folder, 'src', 'functions'), { recursive: true });
  write('index.ts', "globalThis.order = ['index'];");
  write('functions/b.ts', "globalThis.order.push('b'); export const load = () => import('../late.ts');");
  write('functions/a.ts', "globalThis.order.push('a');");
  write('late.ts', "export const late: string = 'late';");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, 'src', name), text);
}

function buildApp(clean = false) {
  return build({ sourceDirectory: join(folder, 'src'), outputDirectory: join(folder, 'dist'), clean });
}

describe('build', () => {
  it('bundles setup first and then every function by name', async () => {
    await buildApp();
    const entry: { default?: unknown } = await import(join(folder, 'dist', 'index.mjs'));
    expect(entry).toBeDefined();
    expect(Reflect.get(globalThis, 'order')).toEqual(['index', 'a', 'b']);
  });

  it('does nothing while the sources are what they were, and builds again when one changes', async () => {
    expect((await buildApp()).built).toBe(true);
    expect((await buildApp()).built).toBe(false);
    write('functions/a.ts', "globalThis.order.push('other');");
    expect((await buildApp()).built).toBe(true);
    expect(readFileSync(join(folder, 'dist', 'index.mjs'), 'utf8')).toContain('other');
  });

  it('builds again when a file of the last build is missing', async () => {
    await buildApp();
    rmSync(join(folder, 'dist', 'index.mjs'));
    expect((await buildApp()).built).toBe(true);
    expect(existsSync(join(folder, 'dist', 'index.mjs'))).toBe(true);
  });

  it('keeps a recent chunk of an earlier build for a host that still runs, and removes one of days ago', async () => {
    await buildApp();
    const chunk = join(folder, 'dist', 'chunks', 'old.mjs');
    writeFileSync(chunk, '');
    write('late.ts', "export const late: string = 'later';");
    await buildApp();
    expect(existsSync(chunk)).toBe(true);
    utimesSync(chunk, 1_700_000_000, 1_700_000_000);
    write('late.ts', "export const late: string = 'latest';");
    await buildApp();
    expect(existsSync(chunk)).toBe(false);
  });

  it('leaves nothing but its own files when it is to be clean', async () => {
    const { files } = await buildApp();
    writeFileSync(join(folder, 'dist', 'chunks', 'old.mjs'), '');
    await buildApp(true);
    expect(existsSync(join(folder, 'dist', 'chunks', 'old.mjs'))).toBe(false);
    expect(files.every((file) => existsSync(join(folder, 'dist', file)))).toBe(true);
  });

  it('says where a mistake is', async () => {
    write('functions/a.ts', "import './missing.ts';");
    await expect(buildApp()).rejects.toThrow(/a\.ts:1.*missing/);
  });
});
