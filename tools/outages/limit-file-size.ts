import { spawnSync } from 'node:child_process';

/** Whether files of another process can be limited here: prlimit is a part of util-linux. */
export function canLimitFileSize(): boolean {
  return process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
}

/**
 * Limits how large the files of a process may grow, from now on; null lifts the limit. At 0 each write fails as on a full disk,
 * and nobody else's disk is filled. Node ignores the signal that comes with it and sees the write fail.
 */
export function limitFileSize(processId: number, bytes: number | null): void {
  const limit = bytes === null ? 'unlimited' : String(bytes);
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(processId), `--fsize=${limit}:unlimited`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`prlimit could not limit the files of process ${processId}: ${stderr}`);
}
