import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Plants each fault of test/planted-faults/*.json in a copy of the tree and runs the test that has to notice it:
 * a fault that no test catches is a hole in the tests. `npm run faults [-- part of a name, or a level]`.
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

/** `broken`: the test does not run at all; a fault that keeps it from being loaded proves nothing. */
type TestVerdict = 'passed' | 'failed' | 'broken';

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
const soundVerdicts = new Map<string, TestVerdict>();
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
  for (const file of listed.stdout.split('\n').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
}

/**
 * `stale`: the text to replace is not there exactly once, so the entry has to be brought up to date. `unsound`: the test
 * fails without the fault, so that its failing with it says nothing.
 */
function tryFault(fault: PlantedFault): 'caught' | 'MISSED' | 'stale' | 'unsound' | 'broken' {
  const path = join(copy, fault.file);
  const sound = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (sound.split(fault.find).length !== 2) return 'stale';
  if (!existsSync(join(copy, fault.test))) return 'stale';
  const before = soundVerdicts.get(fault.test) ?? runTest(fault.test);
  soundVerdicts.set(fault.test, before);
  if (before !== 'passed') return 'unsound';
  writeFileSync(
    path,
    sound.replace(fault.find, () => fault.replace),
  );
  try {
    const verdict = runTest(fault.test);
    if (verdict === 'broken') return 'broken';
    return verdict === 'failed' ? 'caught' : 'MISSED';
  } finally {
    writeFileSync(path, sound);
  }
}

function runTest(test: string): TestVerdict {
  const report = join(copy, 'planted-fault-report.json');
  rmSync(report, { force: true });
  const reporter = ['--reporter=json', `--outputFile=${report}`];
  spawnSync(join(root, 'node_modules/.bin/node'), ['tools/test.ts', test, ...reporter], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });
  if (!existsSync(report)) return 'broken';
  const told: { numFailedTests: number; numPassedTests: number; success: boolean } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  if (told.success && told.numPassedTests > 0) return 'passed';
  // A start hook that fails leaves its tests skipped: in an end-to-end test that is how a fault shows.
  const isNoticed = told.numFailedTests > 0 || (told.numPassedTests === 0 && test.startsWith('test/e2e/'));
  return isNoticed ? 'failed' : 'broken';
}
