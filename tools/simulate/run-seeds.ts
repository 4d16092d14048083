import { Worker } from 'node:worker_threads';
import type { SeedResult } from './run-seed.ts';

/** Which seeds to run, on how many cores. */
export interface SeedRange {
  readonly first: number;
  readonly runs: number;
  readonly jobs: number;
}

/**
 * Runs seeds in worker threads, each as soon as one is free, and tells every result as it comes; resolves with all of them in the
 * order of their seeds. `isEnough` ends the run early: no further seed is begun. Rejects when a worker fails.
 */
export async function runSeeds(
  range: SeedRange,
  onResult: (result: SeedResult, done: number) => void,
  isEnough: (result: SeedResult) => boolean = () => false,
): Promise<readonly SeedResult[]> {
  const results: SeedResult[] = [];
  let next = range.first;
  let isOver = false;
  const work = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      while (!isOver && next < range.first + range.runs) {
        const seed = next;
        next += 1;
        const result = await runIn(worker, seed);
        results.push(result);
        onResult(result, results.length);
        isOver ||= isEnough(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(range.jobs, range.runs) }, work));
  return results.sort((left, right) => left.seed - right.seed);
}

function runIn(worker: Worker, seed: number): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(new Error(`Seed ${seed} could not be run.`, { cause: error }));
    worker.once('error', failed);
    worker.once('message', (result: SeedResult) => {
      worker.off('error', failed);
      resolve(result);
    });
    worker.postMessage(seed);
  });
}
