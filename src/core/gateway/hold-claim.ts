import type { LiveJob } from '../jobs/live-job.ts';
import type { Versioned } from '../versioned.ts';
import { type AbortCause, LeaseKeeper } from './lease-keeper.ts';
import type { Ports } from './ports.ts';

/** What a wait under a claim came to; `cause` is why it was cut short, null when it was not. */
export interface Held<T> {
  readonly result: T;
  readonly row: Versioned<LiveJob>;
  readonly cause: AbortCause | null;
}

/**
 * Keeps a claim alive while its worker waits for the next attempt, so that nobody takes a job over that is in good hands
 * and a cancellation is seen at once. A row that is not claimed needs none of it.
 */
export async function holdClaim<T>(
  ports: Ports,
  row: Versioned<LiveJob>,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<Held<T>> {
  if (row.value.state === 'queued') {
    return { result: await wait(new AbortController().signal), row, cause: null };
  }
  const keeper = new LeaseKeeper({ store: ports.jobs, clock: ports.clock }, row, ports.settings.leaseMs);
  keeper.start();
  const result = await wait(keeper.signal).finally(() => keeper.stop());
  const { version, value } = keeper.row;
  const { lease, cancelRequested, eraseRequested } = value;
  // The attempt that was just made is on the row in hand only.
  return {
    result,
    row: { version, value: { ...row.value, lease, cancelRequested, eraseRequested } },
    cause: keeper.cause,
  };
}
