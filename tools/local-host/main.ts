import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHost } from './host.ts';
import { HostError } from './host-error.ts';
import { createConsoleLog, describeError } from './host-log.ts';

const usage = `Runs a function app of the Node v4 model without func: HTTP, queue and timer triggers.

  node tools/local-host/main.ts [--port 7071] [--root .] [--grace-seconds 5] [--verbose]

  --port           where to listen on 127.0.0.1 (0 takes a free port)
  --root           the function app: the folder of host.json and package.json
  --grace-seconds  how long work in flight may go on after SIGTERM or SIGINT
  --verbose        a line for every invocation, and debug lines of the app`;

// Ctrl-C in a terminal arrives more than once: from the terminal, from npm, from the launcher.
const repeatedSignalMs = 1000;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const log = createConsoleLog(options.verbose);
  process.chdir(options.root);
  // As the worker does: log and end. Node's own report would show a whole line of the bundle, which is all of it.
  process.on('uncaughtException', (error, origin) => {
    log.error(`${origin} in the app: ${describeError(error)}`);
    process.exit(1);
  });
  const startedAt = performance.now();
  const host = await startHost({ root: options.root, port: options.port, environment: process.env, log });
  log.info(`Host ready at ${host.url} (${Math.round(performance.now() - startedAt)} ms)`);

  let stoppingSince = 0;
  const stop = async (signal: string): Promise<void> => {
    if (stoppingSince !== 0) {
      if (Date.now() - stoppingSince < repeatedSignalMs) return;
      log.warn(`${signal} again: exiting at once.`);
      process.exit(1);
    }
    stoppingSince = Date.now();
    log.info(`${signal}: finishing the work in flight, at most ${options.graceSeconds} s.`);
    const undone = await host.stop(options.graceSeconds * 1000);
    if (undone > 0) log.warn(`${undone} invocation(s) not finished; their messages come back when their leases end.`);
    log.info('Host stopped.');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal));
}

function readOptions(args: string[]) {
  const { values } = parse(args);
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new HostError(`--port ${values.port} is no port number.`);
  const graceSeconds = Number(values['grace-seconds']);
  if (!Number.isFinite(graceSeconds) || graceSeconds < 0)
    throw new HostError('--grace-seconds takes a number of seconds.');
  return { port, graceSeconds, root: resolve(values.root), verbose: values.verbose === true };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '7071' },
        root: { type: 'string', default: '.' },
        'grace-seconds': { type: 'string', default: '5' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new HostError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(
    error instanceof HostError
      ? `error: ${error.message}`
      : `error: the app could not be started.\n${describeError(error)}`,
  );
  process.exit(1);
}
