import type { Clock } from '../clock.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Random } from '../random.ts';

/** How long a result in hand is offered to storage that is away: an outage of minutes loses no answer that was paid for. */
const usualPatience: Patience = { limitMs: 8 * 60_000, longestPauseMs: 5000 };

/** How long a write is offered to storage that is away, and how far apart its tries may come to lie. */
export interface Patience {
  readonly limitMs: number;
  readonly longestPauseMs: number;
}

/** How a write meets storage that is away. */
export type Write = <T>(write: () => Promise<T>) => Promise<T>;

/** One try: for whoever can leave the work to a later message, sweep or request. */
export const once: Write = (write) => write();

/** Repeats until storage takes it: for a worker with a result in hand that was paid for. */
export function patiently(ports: { clock: Clock; random: Random }): Write {
  return (write) => persist(ports, write);
}

/** Repeats a write until storage takes it, within its patience. Only for what may safely happen twice: conditional writes and named blobs. */
export async function persist<T>(
  ports: { clock: Clock; random: Random },
  write: () => Promise<T>,
  { limitMs, longestPauseMs }: Patience = usualPatience,
): Promise<T> {
  const startedAtMs = ports.clock.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      const isHopeless = ports.clock.now() - startedAtMs > limitMs;
      if (!(error instanceof StorageUnavailableError) || isHopeless) throw error;
      await ports.clock.sleep((0.5 + ports.random.next() / 2) * Math.min(longestPauseMs, 100 * 2 ** tries));
    }
  }
}
