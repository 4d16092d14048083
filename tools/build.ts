import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildResult, build as bundle, type OutputFile } from 'esbuild';

/** Where to build from and to; both default to the repository's own `src` and `dist`. */
export interface BuildOptions {
  sourceDirectory?: string;
  outputDirectory?: string;
  /** Removes everything else in the output directory, recent chunks too: for a package, not beside a running host. */
  clean?: boolean;
}

/** `files` are paths relative to the output directory, sorted; `built` is false when nothing had changed. */
export interface BuildOutcome {
  built: boolean;
  files: string[];
  durationMs: number;
}

const root = dirname(import.meta.dirname);
const stampName = '.build.json';
// A host that is running may still load a chunk of the build it started with; a day later nobody does.
const staleChunkAgeMs = 24 * 60 * 60 * 1000;

/**
 * Bundles the app into `dist/index.mjs` and its chunks, so that it runs in a folder without node_modules.
 * Does nothing when sources, lockfile and this file are what they were. Safe beside a running host and another build.
 */
export async function build(options: BuildOptions = {}): Promise<BuildOutcome> {
  const startedAt = performance.now();
  const source = resolve(options.sourceDirectory ?? join(root, 'src'));
  const output = resolve(options.outputDirectory ?? join(root, 'dist'));
  const fingerprint = await hashInputs(source);
  const before = await readStamp(output);
  if (before?.fingerprint === fingerprint && before.files.every((file) => existsSync(join(output, file)))) {
    if (options.clean === true) await removeStale(output, new Set(before.files), 0);
    return { built: false, files: before.files, durationMs: performance.now() - startedAt };
  }

  const result = await bundleApp(source, output);
  const files = await writeOutputs(result.outputFiles, output);
  await removeStale(output, new Set(files), options.clean === true ? 0 : staleChunkAgeMs);
  await replaceFile(join(output, stampName), JSON.stringify({ fingerprint, files }, null, 2));
  return { built: true, files, durationMs: performance.now() - startedAt };
}

async function bundleApp(source: string, output: string): Promise<BuildResult<{ write: false }>> {
  return await bundle({
    // index.ts holds setup and hooks only, and must have run before the first function registers itself.
    stdin: { contents: await renderEntry(source), resolveDir: source, sourcefile: 'entry.ts', loader: 'ts' },
    absWorkingDir: root,
    outdir: output,
    entryNames: 'index',
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The host supplies it; it is not a package.
    external: ['@azure/functions-core'],
    minify: true,
    // Error classes are told apart by name in logs.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    // The bundled CommonJS packages expect these three.
    banner: {
      js: [
        "import { createRequire as weirCreateRequire } from 'node:module';",
        "import { dirname as weirDirname } from 'node:path';",
        "import { fileURLToPath as weirFileURLToPath } from 'node:url';",
        'const require = weirCreateRequire(import.meta.url);',
        'const __filename = weirFileURLToPath(import.meta.url);',
        'const __dirname = weirDirname(__filename);',
      ].join('\n'),
    },
    logLevel: 'silent',
    write: false,
  });
}

async function renderEntry(source: string): Promise<string> {
  const functions = (await readdir(join(source, 'functions'))).filter((name) => name.endsWith('.ts')).sort();
  return ['index.ts', ...functions.map((name) => `functions/${name}`)].map((file) => `import './${file}'`).join('\n');
}

async function hashInputs(source: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of [...sources.sort(), join(root, 'package-lock.json'), import.meta.filename]) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function readStamp(output: string): Promise<{ fingerprint: string; files: string[] } | undefined> {
  try {
    const stamp: unknown = JSON.parse(await readFile(join(output, stampName), 'utf8'));
    if (typeof stamp !== 'object' || stamp === null || !('fingerprint' in stamp) || !('files' in stamp))
      return undefined;
    const { fingerprint, files } = stamp;
    if (typeof fingerprint !== 'string' || !Array.isArray(files)) return undefined;
    return { fingerprint, files: files.filter((file) => typeof file === 'string') };
  } catch {
    return undefined;
  }
}

async function writeOutputs(outputs: OutputFile[], output: string): Promise<string[]> {
  const isEntry = (file: OutputFile) => dirname(file.path) === output;
  // The entry last: whoever sees it finds every chunk that it names.
  const ordered = [...outputs.filter((file) => !isEntry(file)), ...outputs.filter(isEntry)];
  for (const file of ordered) await replaceFile(file.path, file.contents);
  return ordered.map((file) => relative(output, file.path)).sort();
}

async function replaceFile(path: string, contents: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

async function removeStale(output: string, keep: Set<string>, olderThanMs: number): Promise<void> {
  const entries = await readdir(output, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((candidate) => candidate.isFile() && candidate.name !== stampName)) {
    const path = join(entry.parentPath, entry.name);
    if (keep.has(relative(output, path))) continue;
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs >= olderThanMs) await rm(path, { force: true });
  }
}

/** Builds with one line on the console; a mistake in the sources ends the process with what esbuild says of it. */
export async function buildOrExit(): Promise<void> {
  try {
    const { built, files, durationMs } = await build();
    const verb = built ? 'Built' : 'Unchanged:';
    console.log(`${verb} dist/index.mjs and ${files.length - 1} more files (${Math.round(durationMs)} ms)`);
  } catch (error) {
    console.error(`The build failed. ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await buildOrExit();
