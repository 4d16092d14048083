import { buildOrExit } from './build.ts';
import { runStep } from './run-step.ts';

// npm test [-- vitest's arguments]: the end-to-end tests run what is built, so that is done first.
await buildOrExit();
const { exitCode } = await runStep('vitest', ['run', ...process.argv.slice(2)], 'show');
process.exit(exitCode);
