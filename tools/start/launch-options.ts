import { parseArgs } from 'node:util';
import { LaunchError } from './launch-error.ts';

/** What `npm start -- …` was asked for. */
export interface LaunchOptions {
  /** 0 takes a free port. */
  port: number;
  /** A configuration file instead of weir.config.json; its own key hashes stand. */
  configFile: string | undefined;
  simulator: boolean;
  quietHost: boolean;
}

const synopsis = 'npm start -- [--port N] [--config FILE] [--no-simulator] [--quiet-host]   (--help explains them)';

export const usage = `Starts Weir on this machine: storage (Azurite), simulated Azure OpenAI regions and the host.

  npm start -- [--port N] [--config FILE] [--no-simulator] [--quiet-host]

  --port N         where Weir listens on 127.0.0.1 (7071; 0 takes a free port)
  --config FILE    a configuration instead of weir.config.json; the key hashes in it stand as they are
  --no-simulator   call the endpoints of the configuration as they are
  --quiet-host     do not show the host's lines
  --help           this text

Ctrl-C stops everything. Data stays in .weir/azurite; team keys stay in .weir/keys.json.
While it runs, .weir/run.json tells scripts where and with which keys.

  AzureWebJobsStorage=…  use that storage and start no Azurite
  WEIR_HOST=local        use tools/local-host even where func is installed`;

/** The options in the arguments, or 'help'. Throws a LaunchError that says what is not understood. */
export function parseLaunchOptions(args: readonly string[]): LaunchOptions | 'help' {
  const { values } = parse(args);
  if (values.help === true) return 'help';
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) {
    throw new LaunchError(`--port is "${values.port}": a number from 0 to 65535 is needed.`);
  }
  if (values.config === '') throw new LaunchError('--config needs the name of a file.');
  return {
    port,
    configFile: values.config,
    simulator: values['no-simulator'] !== true,
    quietHost: values['quiet-host'] === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '7071' },
        config: { type: 'string' },
        'no-simulator': { type: 'boolean' },
        'quiet-host': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new LaunchError(`${synopsis}\n\n${nameProblem(error)}`);
  }
}

// Node's advice on arguments that begin with a dash helps nobody here.
function nameProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.replace(/\. To specify a positional argument.*$/s, '').replace(/\.$/, '')}.`;
}
