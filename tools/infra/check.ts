import { pathToFileURL } from 'node:url';
import { compileEnvironment, infraDirectory, listParameterFiles } from './compile-environment.ts';
import { bicepVersion } from './install-bicep.ts';
import { runBicep } from './run-bicep.ts';

/** One step of the check and every diagnostic it gave: errors, warnings and notes alike. */
export interface CheckedStep {
  readonly step: string;
  readonly diagnostics: readonly string[];
}

/** Builds and lints the templates in `directory`, then builds and evaluates the parameters of every environment. */
export async function checkInfra(directory = infraDirectory): Promise<CheckedStep[]> {
  const parameterFiles = await listParameterFiles();
  const steps: CheckedStep[] = [await checkTemplate('build', directory), await checkTemplate('lint', directory)];
  for (const file of parameterFiles) {
    const built = await runBicep(['build-params', file, '--stdout'], directory);
    steps.push({ step: `build-params ${file}`, diagnostics: built.diagnostics });
    const { diagnostics } = await compileEnvironment(file);
    steps.push({ step: `snapshot ${file}`, diagnostics });
  }
  return steps;
}

/** `build` or `lint` of main.bicep with its modules. */
export async function checkTemplate(command: 'build' | 'lint', directory: string): Promise<CheckedStep> {
  const output = command === 'build' ? ['--stdout'] : [];
  const { diagnostics } = await runBicep([command, 'main.bicep', ...output], directory);
  return { step: `${command} main.bicep`, diagnostics };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const steps = await checkInfra();
  const count = steps.reduce((sum, { diagnostics }) => sum + diagnostics.length, 0);
  for (const { step, diagnostics } of steps) {
    console.log(`${diagnostics.length === 0 ? 'ok  ' : 'FAIL'} ${step}`);
    for (const line of diagnostics) console.error(`     ${line}`);
  }
  console.log(`Bicep ${bicepVersion}: ${steps.length} steps, ${count} diagnostics.`);
  if (count > 0) process.exitCode = 1;
}
