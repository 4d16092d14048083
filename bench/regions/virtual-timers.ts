import type { VirtualTime } from '../virtual-time.ts';

/** Runs code that keeps its own time (clients, breakers) in virtual time: its timers and its clock are replaced until it ends. */
export async function withVirtualTimers<T>(time: VirtualTime, run: () => Promise<T>): Promise<T> {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  const cancelled = new WeakSet<object>();
  const replacements = {
    setTimeout: (callback: (...args: unknown[]) => void, durationMs = 0, ...args: unknown[]) => {
      const timer = { unref: () => timer, ref: () => timer, hasRef: () => true };
      time.at(time.nowMs + durationMs, () => {
        if (!cancelled.has(timer)) callback(...args);
      });
      return timer;
    },
    clearTimeout: (timer: unknown) => {
      if (typeof timer === 'object' && timer !== null) cancelled.add(timer);
    },
  };
  Object.assign(globalThis, replacements);
  Date.now = () => Math.floor(time.nowMs);
  try {
    return await run();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
  }
}
