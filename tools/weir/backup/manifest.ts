import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';

/** What a file of a backup holds: as many lines of one table or container. */
const keptFile = z.strictObject({
  kind: z.enum(['table', 'container']),
  name: z.string().regex(/^[a-z0-9-]{3,63}$/i),
  file: z.string().regex(/^(tables|containers)-[a-z0-9-]+\.jsonl$/i),
  lines: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** SHA-256 of the file, lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type KeptFile = z.output<typeof keptFile>;

const manifest = z.strictObject({
  format: z.literal('weir-backup/1'),
  /** Names the backup: a restore goes on only with the one that it began with. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  startedAt: z.iso.datetime(),
  /** Null while the backup is not complete. */
  finishedAt: z.iso.datetime().nullable(),
  files: z.array(keptFile),
});
export type Manifest = z.output<typeof manifest>;

const fileName = 'manifest.json';

/** The manifest of a folder; null when it has none. Throws when it is none of ours. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const path = join(folder, fileName);
  if (!existsSync(path)) return null;
  const parsed = manifest.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new CommandError(`${path} is no manifest of this version's backups:\n${z.prettifyError(parsed.error)}`);
}

/** Writes it whole or not at all. */
export async function writeManifest(folder: string, value: Manifest): Promise<void> {
  const temporary = join(folder, `${fileName}.tmp`);
  await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, join(folder, fileName));
}
