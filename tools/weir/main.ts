import { dirname } from 'node:path';
import { createTokenSource } from '../../src/core/adapters/openai/token-source.ts';
import { StorageUnavailableError } from '../../src/core/http/weir-error.ts';
import { originFor, ResourceManager } from './azure/resource-manager.ts';
import { backupUsage, runBackupCommand } from './backup-command.ts';
import { CommandError } from './command-error.ts';
import { doctorUsage, runDoctorCommand } from './doctor-command.ts';
import { keysUsage, runKeysCommand } from './keys-command.ts';
import { readLocalRun } from './local-run.ts';

const usage = `npm run weir -- COMMAND

  keys     make, list, rotate and revoke team keys
  doctor   check a deployment and say what to fix
  backup   write jobs, accounts and contents into a folder
  restore  fill empty tables from it

${keysUsage}

${doctorUsage}

${backupUsage}`;

const usages: Readonly<Record<string, string>> = {
  keys: keysUsage,
  doctor: doctorUsage,
  backup: backupUsage,
  restore: backupUsage,
};

/** Resource Manager as whoever is signed in. */
function openAzure(): ResourceManager {
  const origin = originFor(process.env['WEIR_OPENAI_SCOPE']);
  const token = createTokenSource({ scope: `${origin}/.default`, isInAzure: false, clientId: null });
  return new ResourceManager({ origin, token });
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const context = { environment: process.env, now: () => new Date() };
  if (command === undefined || args.includes('--help') || command === 'help') {
    console.log(usages[command ?? ''] ?? usage);
    return command === undefined ? 1 : 0;
  }
  if (command === 'keys') {
    const { result, remarks } = await runKeysCommand(rest, context);
    if (result !== '') console.log(result);
    if (remarks !== '') console.error(remarks);
    return 0;
  }
  if (command === 'doctor') {
    const localRun = readLocalRun(dirname(dirname(import.meta.dirname)));
    return runDoctorCommand(rest, { ...context, print: (line) => console.log(line), localRun, azure: openAzure() });
  }
  if (command === 'backup' || command === 'restore') {
    await runBackupCommand(command, rest, { ...context, print: (line) => console.log(line) });
    return 0;
  }
  throw new CommandError(
    `npm run weir -- keys|doctor|backup|restore   (--help explains them)\n\nThere is no command "${command.slice(0, 40)}".`,
  );
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What storage or the network says is a sentence too; a stack helps nobody at a command line.
  console.error(error instanceof CommandError ? error.message : describe(error));
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'Something went wrong that has no description.';
  const cause = error.cause instanceof Error ? ` (${error.cause.message.split('\n')[0]})` : '';
  return `${error instanceof StorageUnavailableError ? error.report : error.message}${cause}`;
}
