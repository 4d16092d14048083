import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';
import { LaunchError } from './launch-error.ts';

/** Resolves when `GET /health` answers 200. A LaunchError, with the host's last lines unless they were shown, when that takes too long. */
export async function waitUntilHealthy(
  baseUrl: string,
  host: Child,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  let last = 'no answer yet';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    if (host.hasEnded) throw new LaunchError(host.describeEnd());
    last = await askHealth(baseUrl);
    if (last === '200') return;
    await sleep(100);
  }
  throw new LaunchError(
    `Weir was not healthy after ${limitMs / 1000} s (GET ${baseUrl}/health: ${last}).${host.quoteLines()}`,
  );
}

async function askHealth(baseUrl: string): Promise<string> {
  try {
    const response = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return String(response.status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
