import { buildOrExit } from './build.ts';
import { runStep } from './run-step.ts';

const usage = `npm run check [-- --skip-tests]

Format and lint, types, unused code, infrastructure, then all tests; stops at the first that fails.`;

interface Step {
  name: string;
  /** A package's command, or a script of `tools/`. */
  command: string;
  args: string[];
  /** Tests show their progress; the others have nothing to say unless they fail. */
  output: 'show' | 'keep';
}

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
const unknown = args.filter((argument) => argument !== '--skip-tests');
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(' ')}\n\n${usage}`);
  process.exit(1);
}

const steps: Step[] = [
  { name: 'format and lint', command: '@biomejs/biome', args: ['check', '--error-on-warnings'], output: 'keep' },
  { name: 'types', command: 'typescript', args: ['--noEmit'], output: 'keep' },
  { name: 'unused code', command: 'knip', args: [], output: 'keep' },
  { name: 'infrastructure', command: 'tools/infra/check.ts', args: [], output: 'keep' },
];
if (!args.includes('--skip-tests')) {
  steps.push({ name: 'tests', command: 'vitest', args: ['run'], output: 'show' });
  await buildOrExit();
}

for (const step of steps) {
  const result = await runStep(step.command, step.args, step.output);
  const seconds = `${(result.durationMs / 1000).toFixed(1)} s`;
  if (result.exitCode !== 0) {
    console.log(`✗ ${step.name}  ${seconds}\n${result.output}`);
    process.exit(1);
  }
  console.log(`✓ ${step.name}  ${seconds}`);
}
