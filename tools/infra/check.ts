import { pathToFileURL } from 'node:url';
import { BicepSession } from './bicep-session.ts';
import { compileEnvironment, infraDirectory, listParameterFiles, supposeInstallation } from './compile-environment.ts';
import { bicepVersion } from './install-bicep.ts';
import { runBicep } from './run-bicep.ts';

/** One step of the check and every diagnostic it gave: errors, warnings and notes alike. */
export interface CheckedStep {
  readonly step: string;
  readonly diagnostics: readonly string[];
}

/** Builds and lints the templates in `directory`, then builds and evaluates the parameters of every environment. */
export async function checkInfra(directory = infraDirectory): Promise<CheckedStep[]> {
  const files = await listParameterFiles(directory);
  const steps: CheckedStep[] = [];
  for (const args of [
    ['build', 'main.bicep', '--stdout'],
    ['lint', 'main.bicep'],
  ]) {
    const { diagnostics } = await runBicep(args, directory);
    steps.push({ step: `${args[0]} main.bicep`, diagnostics });
  }
  for (const file of files) {
    const { diagnostics } = await runBicep(['build-params', file, '--stdout'], directory);
    steps.push({ step: `build-params ${file}`, diagnostics });
  }
  const session = await BicepSession.open(supposeInstallation(process.env));
  try {
    for (const file of files) {
      const { diagnostics } = await compileEnvironment(session, file, directory);
      steps.push({ step: `snapshot ${file}`, diagnostics });
    }
  } finally {
    session.close();
  }
  return steps;
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
