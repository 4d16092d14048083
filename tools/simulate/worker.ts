import { parentPort } from 'node:worker_threads';
import { runSeed } from './run-seed.ts';

/** A worker of `run-seeds`: runs each seed that it is told and answers with what came of it. */
parentPort?.on('message', async (seed: number) => {
  parentPort?.postMessage(await runSeed(seed));
});
