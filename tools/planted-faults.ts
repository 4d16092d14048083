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
interface TestRun {
  readonly verdict: 'passed' | 'failed' | 'broken';
  /** Seed, step and broken promise of a simulation that failed. */
  readonly seed: string | null;
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
const soundVerdicts = new Map<string, TestRun['verdict']>();
let missed = 0;
try {
  copyTree(copy);
  for (const fault of faults) {
    const { verdict, seed } = tryFault(fault);
    if (verdict !== 'caught') missed += 1;
    console.log(
      `${verdict.padEnd(8)} ${fault.level.padEnd(10)} ${fault.name}${seed === null ? '' : `\n${' '.repeat(20)}${seed}`}`,
    );
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
function tryFault(fault: PlantedFault): {
  readonly verdict: 'caught' | 'MISSED' | 'stale' | 'unsound' | 'broken';
  readonly seed: string | null;
} {
  const path = join(copy, fault.file);
  const sound = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (sound.split(fault.find).length !== 2) return { verdict: 'stale', seed: null };
  if (!existsSync(join(copy, fault.test))) return { verdict: 'stale', seed: null };
  const before = soundVerdicts.get(fault.test) ?? runTest(fault.test).verdict;
  soundVerdicts.set(fault.test, before);
  if (before !== 'passed') return { verdict: 'unsound', seed: null };
  writeFileSync(
    path,
    sound.replace(fault.find, () => fault.replace),
  );
  try {
    const { verdict, seed } = runTest(fault.test);
    if (verdict === 'broken') return { verdict, seed: null };
    return { verdict: verdict === 'failed' ? 'caught' : 'MISSED', seed };
  } finally {
    writeFileSync(path, sound);
  }
}

function runTest(test: string): TestRun {
  const report = join(copy, 'planted-fault-report.json');
  rmSync(report, { force: true });
  const reporter = ['--reporter=json', `--outputFile=${report}`];
  spawnSync(join(root, 'node_modules/.bin/node'), ['tools/test.ts', test, ...reporter], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });
  if (!existsSync(report)) return { verdict: 'broken', seed: null };
  const text = readFileSync(report, 'utf8');
  const told: { numFailedTests: number; numPassedTests: number; success: boolean } = JSON.parse(text);
  if (told.success && told.numPassedTests > 0) return { verdict: 'passed', seed: null };
  // A start hook that fails leaves its tests skipped: in an end-to-end test that is how a fault shows.
  const isNoticed = told.numFailedTests > 0 || (told.numPassedTests === 0 && test.startsWith('test/e2e/'));
  return { verdict: isNoticed ? 'failed' : 'broken', seed: findSeed(text) };
}

/** What the simulation's test says of its first failure: `npm run simulate -- --seed N …: step S, what`. */
function findSeed(report: string): string | null {
  const found = /npm run simulate -- --seed (\d+) --runs 1 --trace: (step \d+, [^"\\]*?)(?:: expected|["\\])/.exec(
    report,
  );
  return found === null ? null : `found in seed ${found[1]}, ${found[2]}`;
}
