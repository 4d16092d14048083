import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readLocalProductionSettings } from './infra/written-settings.ts';
import { makePackage } from './package.ts';
import { runStep } from './run-step.ts';

const usage = `npm run check:package [-- FILES]

Packs Weir, unpacks the zip into an empty folder, and runs the end-to-end tests on it under the local host with the
settings that the templates write for prod: all but the storage connection and the address of telemetry.

  FILES  only these of test/e2e`;

const root = dirname(import.meta.dirname);
/** The files that drive the app over HTTP; the others have hosts or packages of their own. */
const suite = [
  'crash',
  'drain',
  'estimates',
  'hardening',
  'isolation',
  'jobs',
  'outage',
  'refusals',
  'regions',
  'telemetry',
  'tokens',
];
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
  // As deep in the repository as `npm run package` builds, so that the bytes are the same.
  const buildDirectory = join(root, '.weir', `package-${process.pid}`, 'dist');
  try {
    const [made, settings] = await Promise.all([
      makePackage({ outputFile: join(folder, 'weir.zip'), buildDirectory, unpackedDirectory: join(folder, 'app') }),
      readLocalProductionSettings(),
    ]);
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
    console.log(`${made.entries.length} files of sha256 ${made.sha256}, with ${Object.keys(settings).join(', ')}`);
    process.env['WEIR_PACKAGE_UNDER_TEST'] = folder;
    const files = args.length > 0 ? args : suite.map((name) => `test/e2e/${name}.test.ts`);
    return (await runStep('vitest', ['run', '--project', 'e2e', ...files], 'show')).exitCode;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(dirname(buildDirectory), { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
