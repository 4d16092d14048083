import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import { isLauncherAlive, type LaunchRecord, type LaunchState } from './launch-state.ts';
import { isSameProcess, type ProcessIdentity } from './process-identity.ts';

const stopBoundMs = 8000;

/**
 * Claims the `.weir` folder. A live launcher in it is a LaunchError with its address; what a dead one left running is
 * stopped first, each process only if it is still the one that was started then.
 */
export async function takeOver(state: LaunchState, record: LaunchRecord, say: (line: string) => void): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const other = state.claim(record);
    if (other === undefined) {
      // A run.json without a launcher's record cannot be of a running Weir.
      state.removeRun();
      return;
    }
    if (isLauncherAlive(other)) {
      throw new LaunchError(`Weir already runs at ${other.baseUrl} (process ${other.launcher.pid}). Stop it first.`);
    }
    await stopLeftovers(other, say);
    state.removeRun();
    state.removeRecord();
  }
  throw new LaunchError('Another start of Weir keeps getting in the way. Try again.');
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
  try {
    // Each child leads a group of its own; func starts the worker as a child of its own.
    process.kill(-child.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
