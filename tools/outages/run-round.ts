import { setTimeout as sleep } from 'node:timers/promises';
import { chatJob } from '../../test/support/weir-under-test.ts';
import { judgeJobs } from '../reliability/judge-jobs.ts';
import type { Round } from '../reliability/print-rounds.ts';
import type { ProxyFault } from '../reliability/proxy-fault.ts';
import { limitFileSize } from './limit-file-size.ts';
import { type Submissions, submitFor, submitOne } from './submit-through.ts';
import type { Place, SurroundedWeir } from './surrounded-weir.ts';

const endWithinMs = 240_000;
/** Jobs whose wake-up was lost wait half a minute for a new one, a lost worker's for its lease; then quota decides. */
const recoverySeconds = 90;

/** Keeps a fault up at one place while jobs come, takes it away, and judges what was accepted. */
export async function runFaultRound(
  surrounded: SurroundedWeir,
  round: { readonly place: Place; readonly name: string; readonly fault: ProxyFault; readonly seconds: number },
): Promise<Round> {
  const { weir, proxies } = surrounded;
  const proxy = proxies[round.place];
  const strikesBefore = proxy.strikes;
  proxy.setFault(round.fault);
  const told = await submitFor(weir, round.seconds).finally(() => proxy.setFault({ kind: 'none' }));
  const name = `${round.place}: ${round.name}`;
  return settle(surrounded, name, told, { injected: () => proxy.strikes - strikesBefore });
}

/** All of storage is away for a time, with accepted jobs waiting and running: new ones are told 503, and all of them drain afterwards. */
export async function runStorageOutage(surrounded: SurroundedWeir, seconds: number): Promise<Round> {
  const { weir, proxies } = surrounded;
  const storage = [proxies.tables, proxies.queues, proxies.blobs];
  const told: Submissions = { accepted: [], refused: 0, strange: [] };
  for (let number = 0; number < 40; number += 1) await submitOne(weir, chatJob(`Name bay ${number}.`), told);
  const acceptedBefore = told.accepted.length;
  for (const proxy of storage) proxy.setFault({ kind: 'down' });
  const during: Submissions = { accepted: [], refused: 0, strange: [] };
  const untilMs = Date.now() + seconds * 1000;
  while (Date.now() < untilMs) {
    await submitOne(weir, chatJob('Storage is away.'), during);
    await sleep(1000);
  }
  for (const proxy of storage) proxy.setFault({ kind: 'none' });
  const strange = [...told.strange, ...during.strange];
  if (during.accepted.length > 0) strange.push(`${during.accepted.length} jobs were accepted without storage`);
  if (acceptedBefore === 0) strange.push('no job was accepted before the outage');
  const all = { accepted: [...told.accepted, ...during.accepted], refused: during.refused, strange };
  return settle(surrounded, `all storage down for ${seconds} s`, all, {
    injected: () => 1,
    drainSeconds: recoverySeconds,
  });
}

/** The disk under storage is full while jobs come: no file may grow, and then it may again. */
export async function runFullDisk(surrounded: SurroundedWeir, seconds: number): Promise<Round> {
  const { weir } = surrounded;
  limitFileSize(weir.storageProcessId, 0);
  const told = await submitFor(weir, seconds).finally(() => limitFileSize(weir.storageProcessId, null));
  if (told.refused === 0) told.strange.push('no submission met the full disk');
  return settle(surrounded, 'full disk', told, { injected: () => 1 });
}

async function settle(
  { weir }: SurroundedWeir,
  fault: string,
  told: Submissions,
  facts: { readonly injected: () => number; readonly drainSeconds?: number },
): Promise<Round> {
  const clearedAtMs = Date.now();
  // A service that breaks off every third answer can use up the attempts of a job: that is an end like any other.
  const judgement = await judgeJobs(weir, told.accepted, { withinMs: endWithinMs, mayEnd: ['failed upstream_error'] });
  const drained = (Date.now() - clearedAtMs) / 1000;
  const isLate = facts.drainSeconds !== undefined && drained > facts.drainSeconds;
  const injected = facts.injected();
  return {
    fault,
    injected,
    refused: told.refused,
    judgement,
    recoverySeconds: drained,
    broken: [
      ...told.strange,
      ...(injected === 0 ? ['the fault met nothing'] : []),
      ...(isLate ? [`drained after ${drained} s, ${facts.drainSeconds} s are promised`] : []),
    ],
  };
}
