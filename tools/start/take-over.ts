import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import { isLauncherAlive, type LaunchRecord, type LaunchState } from './launch-state.ts';
import { identifyProcess, isSameProcess, type ProcessIdentity, readCommandLine } from './process-identity.ts';

const stopBoundMs = 8000;

/**
 * Claims the `.weir` folder. A live launcher in it is a LaunchError with its address; what a dead one left running is
 * stopped first, each process only if it is still the one that was started then.
 */
export async function takeOver(state: LaunchState, record: LaunchRecord, say: (line: string) => void): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const other = state.claim(record);
    if (other === undefined) {
      await stopStrays(state, say);
      state.removeRun();
      return;
    }
    if (isLauncherAlive(other)) {
      throw new LaunchError(
        `Weir already runs at ${other.baseUrl} (process ${other.launcher.pid}). Stop it first: Ctrl-C in its terminal, or kill ${other.launcher.pid}.`,
      );
    }
    await stopLeftovers(other, say);
    state.removeRun();
    state.removeRecordOf(other.launcher);
  }
  throw new LaunchError('Another start of Weir keeps getting in the way. Try again.');
}

// A run.json without a launcher's record holds bare pids: each must still look like what it is said to be.
async function stopStrays(state: LaunchState, say: (line: string) => void): Promise<void> {
  const run = state.readRunPids();
  if (run === undefined || looksLike('launcher', run.launcher)) return;
  const children = run.children.flatMap(({ name, pid }) => {
    const identity = looksLike(name, pid) ? identifyProcess(pid) : undefined;
    return identity === undefined ? [] : [{ name, ...identity }];
  });
  await stopLeftovers({ baseUrl: '', launcher: { pid: 0, startedAt: '' }, children }, say);
}

const commandMarks: Readonly<Record<string, RegExp>> = {
  launcher: /tools\/start\/main\.ts/,
  host: /tools\/local-host\/main\.ts|func(\.exe)? start/,
  azurite: /azurite/,
  simulator: /tools\/simulator\/main\.ts/,
};

function looksLike(name: string, pid: number): boolean {
  return commandMarks[name]?.test(readCommandLine(pid)) ?? false;
}

async function stopLeftovers(record: LaunchRecord, say: (line: string) => void): Promise<void> {
  const left = record.children.filter(isSameProcess);
  if (left.length === 0) return;
  say(`Stopping what an earlier start left running: ${left.map((child) => `${child.name} (${child.pid})`).join(', ')}`);
  for (const child of left) signal(child, 'SIGTERM');
  const deadline = Date.now() + stopBoundMs;
  while (left.some(isSameProcess) && Date.now() < deadline) await sleep(50);
  for (const child of left.filter(isSameProcess)) signal(child, 'SIGKILL');
}

function signal(child: ProcessIdentity, name: NodeJS.Signals): void {
  // Each child leads a group of its own, with what it started itself in it; a stray may not.
  for (const target of [-child.pid, child.pid]) {
    try {
      process.kill(target, name);
      return;
    } catch {
      // No such group, or it ended between the look and the signal.
    }
  }
}
