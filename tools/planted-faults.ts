import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Plants each fault of test/planted-faults/*.json in a copy of the tree and runs the test that has to notice it:
 * a fault that no test catches is a hole in the tests. `npm run faults [-- part of a name]`.
 */
interface PlantedFault {
  readonly name: string;
  readonly level: 'unit' | 'contract' | 'e2e' | 'simulation';
  readonly file: string;
  /** Exact text, found once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test file that fails with the fault in place. */
  readonly test: string;
}

const root = process.cwd();
const wanted = process.argv[2] ?? '';

const faults = readdirSync(join(root, 'test/planted-faults'))
  .filter((name) => name.endsWith('.json'))
  .flatMap((name): PlantedFault[] => JSON.parse(readFileSync(join(root, 'test/planted-faults', name), 'utf8')))
  .filter((fault) => fault.name.includes(wanted) || fault.level === wanted);

if (faults.length === 0) {
  console.error(`No planted fault matches "${wanted}".`);
  process.exit(1);
}

const copy = mkdtempSync(join(tmpdir(), 'weir-faults-'));
let missed = 0;
try {
  copyTree(copy);
  for (const fault of faults) {
    const verdict = tryFault(fault);
    if (verdict !== 'caught') missed += 1;
    console.log(`${verdict.padEnd(8)} ${fault.level.padEnd(10)} ${fault.name}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`\n${faults.length - missed} of ${faults.length} planted faults are caught.`);
process.exit(missed === 0 ? 0 : 1);

function copyTree(target: string): void {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of listed.stdout.split('\n').filter((name) => name !== '')) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
}

/** `stale`: the text to replace is not there exactly once, so the entry has to be brought up to date. */
function tryFault(fault: PlantedFault): 'caught' | 'MISSED' | 'stale' {
  const path = join(copy, fault.file);
  const sound = readFileSync(path, 'utf8');
  if (sound.split(fault.find).length !== 2) return 'stale';
  writeFileSync(path, sound.replace(fault.find, () => fault.replace));
  try {
    const run = spawnSync(join(root, 'node_modules/.bin/node'), [join(root, 'tools/test.ts'), 'run', fault.test], {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, CI: 'true' },
    });
    return run.status === 0 ? 'MISSED' : 'caught';
  } finally {
    writeFileSync(path, sound);
  }
}
