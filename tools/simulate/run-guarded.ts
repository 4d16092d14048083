import { WeirError } from '../../src/core/http/weir-error.ts';
import type { RunningProcess } from './start-process.ts';
import type { World } from './world.ts';

/** Runs one invocation; false when it failed because storage was away. Any other error is a broken promise. */
export async function runGuarded(
  world: World,
  running: RunningProcess,
  what: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    world.trace.note(`${running.process.name} failed over ${what}: ${describeError(error)}`);
    const isExpected = error instanceof WeirError && error.code === 'storage_unavailable';
    if (!isExpected) world.trace.violate(`unexpected error over ${what}: ${describeError(error)}`);
    return false;
  }
}

export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message}` : String(error);
}
