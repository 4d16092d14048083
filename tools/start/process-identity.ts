import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process as it can be recognised later: pids are used again, start times are not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; empty where the system does not tell. */
  startedAt: string;
}

/** The identity of a live process; undefined when there is none with this pid. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
  return { pid, startedAt: readStart(pid) };
}

/** True when the process is alive and still the one that was recorded. */
export function isSameProcess(recorded: ProcessIdentity): boolean {
  const now = identifyProcess(recorded.pid);
  return now !== undefined && now.startedAt === recorded.startedAt;
}

/** The command line of a process; empty when it is gone or not ours to see. */
export function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    const result = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return result.error === undefined ? result.stdout.trim() : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: alive, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return readState(pid) !== 'Z';
}

// Fields after the command's name, which is in parentheses and may hold anything.
function readStatFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

// A zombie still answers to signal 0, but nothing runs any more.
function readState(pid: number): string {
  return readStatFields(pid)?.[0] ?? '';
}

function readStart(pid: number): string {
  const fields = readStatFields(pid);
  if (fields !== undefined) return fields[19] ?? '';
  const result = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return result.error === undefined ? result.stdout.trim() : '';
}
