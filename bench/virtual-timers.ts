import type { VirtualTime } from './virtual-time.ts';

type Callback = (...args: unknown[]) => void;

/** Runs code that keeps its own time (clients, breakers, limiters) in virtual time: its timers and its clock are replaced until it ends. */
export async function withVirtualTimers<T>(time: VirtualTime, run: () => Promise<T>): Promise<T> {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const { now } = Date;
  const cancelled = new WeakSet<object>();
  const makeTimer = () => {
    const timer = { unref: () => timer, ref: () => timer, hasRef: () => true };
    return timer;
  };
  const cancel = (timer: unknown) => {
    if (typeof timer === 'object' && timer !== null) cancelled.add(timer);
  };
  const replacements = {
    setTimeout: (callback: Callback, durationMs = 0, ...args: unknown[]) => {
      const timer = makeTimer();
      time.at(time.nowMs + durationMs, () => {
        if (!cancelled.has(timer)) callback(...args);
      });
      return timer;
    },
    clearTimeout: cancel,
    setInterval: (callback: Callback, everyMs = 1, ...args: unknown[]) => {
      const timer = makeTimer();
      const again = () => {
        time.at(time.nowMs + Math.max(1, everyMs), () => {
          if (cancelled.has(timer)) return;
          callback(...args);
          again();
        });
      };
      again();
      return timer;
    },
    clearInterval: cancel,
  };
  Object.assign(globalThis, replacements);
  Date.now = () => Math.floor(time.nowMs);
  try {
    return await run();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
    Date.now = now;
  }
}
