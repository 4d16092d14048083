import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { WeirUnderTest } from '../../test/support/weir-under-test.ts';
import type { CrashPlan, CrashRecord } from '../reliability/crash-point.ts';
import type { Child } from '../start/child.ts';
import { workerSettings } from './fleet-settings.ts';

const preload = pathToFileURL(join(import.meta.dirname, '../reliability/crash-points.ts')).href;

/** A worker that has work but does not come to its point within this is taken to never come there. */
const pointWithinMs = 300_000;

let planCount = 0;

/** A worker with its order to die. */
export interface DoomedWorker {
  readonly child: Child;
  /** Where it died. Rejects when it ended otherwise. */
  readonly crash: Promise<CrashRecord>;
}

/** Starts a worker that kills itself by its plan; `settings` are how it takes work. */
export async function startDoomedWorker(
  weir: WeirUnderTest,
  plan: Omit<CrashPlan, 'log'>,
  settings = workerSettings,
): Promise<DoomedWorker> {
  planCount += 1;
  const log = join(weir.folder, `crash-${planCount}.jsonl`);
  const child = await weir.startWorker({
    environment: {
      ...settings,
      NODE_OPTIONS: `--import=${preload}`,
      WEIR_CRASH_PLAN: JSON.stringify({ ...plan, log }),
    },
  });
  const crash = child.ended.then((): CrashRecord => {
    if (existsSync(log)) return JSON.parse(readFileSync(log, 'utf8'));
    throw new Error(`A worker that should die ${plan.point} ended otherwise. ${child.describeEnd()}`);
  });
  return { child, crash };
}

/** Runs a worker to its death and tells where it died; throws when it ends otherwise or does not come to its point. */
export async function runDoomedWorker(weir: WeirUnderTest, plan: Omit<CrashPlan, 'log'>): Promise<CrashRecord> {
  const { child, crash } = await startDoomedWorker(weir, plan);
  const patience = new AbortController();
  const late = sleep(pointWithinMs, null, { signal: patience.signal }).catch(() => null);
  const first = await Promise.race([crash, late]).finally(() => patience.abort());
  if (first !== null) return first;
  crash.catch(() => undefined);
  await child.stop(0);
  throw new Error(`A worker that should die ${plan.point} was still alive after ${pointWithinMs / 1000} s.`);
}
