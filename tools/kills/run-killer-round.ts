import { compareBill } from '../../test/support/compare-bill.ts';
import { chatJob, type WeirUnderTest } from '../../test/support/weir-under-test.ts';
import type { CrashRecord } from '../reliability/crash-point.ts';
import { judgeJobs } from '../reliability/judge-jobs.ts';
import type { Round } from '../reliability/print-rounds.ts';
import { startDoomedWorker } from './doomed-worker.ts';
import { loneJobSettings } from './fleet-settings.ts';

const workerCount = 2;
const bystanderCount = 8;
/** Workers that a job may take with it. */
const mostDeaths = 3;
const endWithinMs = 600_000;
const deadlyText = 'This prompt kills whoever gets its answer.';

/**
 * One job kills its worker each time its answer arrives, among jobs that do nothing of the kind. It must end `worker_lost` after
 * three workers, each of its calls on the accounts, and the others must not suffer.
 */
export async function runKillerRound(weir: WeirUnderTest): Promise<Round> {
  const killer = String((await weir.submit(chatJob(deadlyText)))['id']);
  const crashes: CrashRecord[] = [];
  const over = new AbortController();
  const isOver = new Promise<null>((resolve) => over.signal.addEventListener('abort', () => resolve(null)));
  const replaceTheDead = async () => {
    while (!over.signal.aborted) {
      const plan = { point: 'afterCall', nth: 1, text: deadlyText } as const;
      const { child, crash } = await startDoomedWorker(weir, plan, loneJobSettings);
      const death = await Promise.race([crash, isOver]);
      if (death !== null) crashes.push(death);
      else {
        // It is stopped while it still waits for its moment: that is no death to tell of.
        crash.catch(() => undefined);
        await child.stop(30_000);
      }
    }
  };
  const workers = Promise.all(Array.from({ length: workerCount }, replaceTheDead));
  const ids = [killer];
  for (let number = 0; number < bystanderCount; number += 1)
    ids.push(String((await weir.submit(chatJob(`Name lake ${number}.`)))['id']));
  const judged = judgeJobs(weir, ids, { withinMs: endWithinMs, mayEnd: ['failed worker_lost'] });
  // Whichever fails first is told.
  const judgement = await Promise.race([judged, workers.then(() => judged)]).finally(() => over.abort());
  await workers;
  const own = await compareBill(weir, 'search', new Set([killer]));
  const lost = judgement.ends['failed worker_lost'] ?? 0;
  const broken = [
    ...(crashes.length === mostDeaths ? [] : [`the job killed ${crashes.length} workers, ${mostDeaths} are allowed`]),
    ...(lost === 1 ? [] : [`${lost} jobs ended worker_lost, exactly the one that kills must`]),
    ...(own.billed === mostDeaths && own.unknown === mostDeaths
      ? []
      : [`its ${own.billed} billed calls are ${own.unknown} rows of unknown outcome, ${mostDeaths} of each are due`]),
  ];
  return { fault: 'the same job each time', injected: crashes.length, judgement, recoverySeconds: null, broken };
}
