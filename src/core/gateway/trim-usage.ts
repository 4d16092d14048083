import type { Ports } from './ports.ts';
import type { Walk } from './walk.ts';

/** Removes a team's usage rows that are older than the configured months, a page at each step. */
export async function* trimUsage(ports: Ports, team: string, tally: { usageRows: number }): Walk {
  const beforeMs = subtractMonths(ports.clock.now(), ports.config.current().retention.usageMonths);
  for (;;) {
    const removed = await ports.usage.removeBefore(team, beforeMs);
    if (removed === 0) return;
    tally.usageRows += removed;
    yield;
  }
}

/** The same moment some calendar months earlier, in UTC. */
function subtractMonths(atMs: number, months: number): number {
  const date = new Date(atMs);
  return date.setUTCMonth(date.getUTCMonth() - months);
}
