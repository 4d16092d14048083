import { existsSync, readFileSync } from 'node:fs';
import { HELP, parseCommandLine } from './simulator-options.ts';
import type { SimulatorOptions } from './start-simulator.ts';
import { startSimulator } from './start-simulator.ts';

const DEFAULT_CONFIG = 'weir.config.json';

async function main(): Promise<void> {
  const command = parseCommandLine(process.argv.slice(2));
  if (command.outcome === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if (command.outcome === 'refused') throw new Error(`${command.message} See --help.`);
  const simulator = await startSimulator({ ...command.options, config: readConfig(command.configFile) }).catch(
    (error: unknown) => {
      throw explainStart(error, command.options);
    },
  );
  for (const [region, url] of Object.entries(simulator.regionUrls)) console.log(`region ${region} ${url}`);
  console.log(`simulator ready ${simulator.url}`);
  const stop = () => {
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function readConfig(file: string | null): unknown {
  if (file === null && !existsSync(DEFAULT_CONFIG)) {
    console.error(`simulator: no ./${DEFAULT_CONFIG}; simulating the three built-in regions`);
    return undefined;
  }
  const path = file ?? DEFAULT_CONFIG;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function explainStart(error: unknown, options: SimulatorOptions): Error {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return new Error(`Port ${options.port} is in use. Choose another with --port N, or --port 0 for a free one.`);
  }
  return error instanceof Error ? error : new Error(String(error));
}

main().catch((error: unknown) => {
  console.error(`simulator: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
