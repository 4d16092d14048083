import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { unpackZip } from './read-zip.ts';
import { writeZip, type ZipEntry } from './write-zip.ts';

const usage = `npm run package [-- --out FILE]

Builds Weir anew and packs what a Function App needs into one zip: the bundle, host.json and a package.json that
asks for nothing to be installed. The same sources make the same bytes.

  --out FILE  where to write it (weir.zip in .weir/package)

.weir/package/app holds the same files, unpacked.`;

/** What was packed: `sha256` is of the whole file, lower-case hex. */
export interface MadePackage {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Paths inside the archive, sorted. */
  readonly entries: readonly string[];
}

export interface PackageOptions {
  readonly outputFile: string;
  /** Folder to build into, emptied first. Not `dist`: a host that runs from there would lose its chunks. */
  readonly buildDirectory: string;
  /** Folder that gets the archive's files and nothing else, emptied first. */
  readonly unpackedDirectory: string;
}

const root = dirname(import.meta.dirname);
const packageDirectory = join(root, '.weir', 'package');
/** What an upload may take; the bundle is a quarter of it, so more means that something slipped in. */
const mostBytes = 10 * 1024 * 1024;

/** Builds from scratch, writes the deployable zip and unpacks it beside. Throws when the build fails or the package is over 10 MB. */
export async function makePackage(options: PackageOptions): Promise<MadePackage> {
  await rm(options.buildDirectory, { recursive: true, force: true });
  const { files } = await build({ outputDirectory: options.buildDirectory, clean: true });
  const shipped = files.filter((file) => !file.endsWith('.map'));
  const entries: ZipEntry[] = [
    { path: 'host.json', contents: await readFile(join(root, 'host.json')) },
    { path: 'package.json', contents: Buffer.from(reduceManifest(await readFile(join(root, 'package.json'), 'utf8'))) },
    ...(await Promise.all(
      shipped.map(async (file) => ({
        path: `dist/${file.replaceAll('\\', '/')}`,
        contents: await readFile(join(options.buildDirectory, file)),
      })),
    )),
  ];
  const zip = writeZip(entries);
  if (zip.length > mostBytes) throw new Error(`The package has ${zip.length} bytes; at most ${mostBytes} are allowed.`);
  await mkdir(dirname(options.outputFile), { recursive: true });
  await writeFile(options.outputFile, zip);
  await rm(options.unpackedDirectory, { recursive: true, force: true });
  unpackZip(zip, options.unpackedDirectory);
  return {
    path: options.outputFile,
    bytes: zip.length,
    sha256: createHash('sha256').update(zip).digest('hex'),
    entries: entries.map((entry) => entry.path).sort(),
  };
}

const manifestFields = ['name', 'version', 'description', 'license', 'private', 'type', 'main', 'engines'];

/** The manifest without scripts and dependencies: the bundle holds what it needs, and nothing may be installed beside it. */
export function reduceManifest(text: string): string {
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null || !('main' in manifest)) {
    throw new Error('package.json names no main file.');
  }
  const kept = Object.entries(manifest).filter(([name]) => manifestFields.includes(name));
  return `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { out: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) return console.log(usage);
  const made = await makePackage({
    outputFile: resolve(values.out ?? join(packageDirectory, 'weir.zip')),
    buildDirectory: join(packageDirectory, 'dist'),
    unpackedDirectory: join(packageDirectory, 'app'),
  });
  const megabytes = (made.bytes / 1024 / 1024).toFixed(2);
  console.log(`${relative(process.cwd(), made.path)}  ${megabytes} MB, ${made.entries.length} files`);
  console.log(`sha256  ${made.sha256}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
