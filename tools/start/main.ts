import { dirname } from 'node:path';
import { Launch } from './launch.ts';
import { LaunchError } from './launch-error.ts';
import { type LaunchOptions, parseLaunchOptions, usage } from './launch-options.ts';

// Ctrl-C in a terminal arrives from the terminal and again from npm.
const repeatedSignalMs = 1000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(error: unknown): void {
  if (error instanceof LaunchError) console.error(`\n${error.message}`);
  else console.error(error);
}

async function run(options: LaunchOptions): Promise<number> {
  const launch = new Launch(dirname(dirname(import.meta.dirname)), options, say);
  const signalled = onSignal(launch);
  const failed = launch.start().then(
    async () => ({ ended: await launch.whenChildEnds() }),
    (error: unknown) => ({ error }),
  );
  const first = await Promise.race([signalled, failed]);
  if (first === 'signal') {
    await launch.stop();
    say('Stopped.');
    return 0;
  }
  if ('error' in first) {
    complain(first.error);
    await launch.stop();
    return 1;
  }
  complain(new LaunchError(`${first.ended.describeEnd()}\nStopping the rest…`));
  await launch.stop();
  // Last of all: what the others said while they stopped would bury it.
  complain(new LaunchError(`${first.ended.nameEnd()}; the rest was stopped. Start again: npm start`));
  return 1;
}

function onSignal(launch: Launch): Promise<'signal'> {
  return new Promise((resolve) => {
    let firstAt = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (firstAt === 0) {
          firstAt = Date.now();
          say('Stopping…');
          resolve('signal');
        } else if (Date.now() - firstAt > repeatedSignalMs) launch.hurry();
      });
    }
  });
}

// A terminal that is closed must not end the stopping early.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const options = parseLaunchOptions(process.argv.slice(2));
  if (options === 'help') say(usage);
  process.exitCode = options === 'help' ? 0 : await run(options);
} catch (error) {
  complain(error);
  process.exitCode = 1;
}
process.exit();
