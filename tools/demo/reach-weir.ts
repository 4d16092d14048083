import type { Clock } from '../../src/core/clock.ts';
import type { ConnectionOptions } from './connection.ts';
import type { WeirLocation } from './locate-weir.ts';

const tries = 3;
const pauseMs = 200;

/** Whether anything answers where Weir should be; null when it does, else why not. A 503 is an answer: that host can be waited for. */
export async function reachWeir(
  { baseUrl, keys }: WeirLocation,
  call: ConnectionOptions['call'],
  clock: Clock,
): Promise<string | null> {
  const key = Object.values(keys)[0] ?? '';
  for (let attempt = 1; ; attempt += 1) {
    const reply = await call(baseUrl, key, { method: 'GET', path: '/health', timeoutMs: 5000 });
    if (reply.kind === 'answered') return null;
    if (attempt === tries) return reply.reason;
    await clock.sleep(pauseMs);
  }
}
