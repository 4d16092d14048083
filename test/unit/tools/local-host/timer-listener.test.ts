import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RegisteredFunction } from '../../../../tools/local-host/function-app.ts';
import { TimerListener } from '../../../../tools/local-host/timer-listener.ts';
import { parseSchedule } from '../../../../tools/local-host/timer-schedule.ts';

const silentLog = { app: () => {}, detail: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function timerFunction(options: Record<string, unknown> = {}): RegisteredFunction {
  const trigger = { type: 'timerTrigger', direction: 'in' as const, ...options };
  return {
    name: 'tick',
    trigger,
    triggerName: 't',
    metadata: { name: 'tick', bindings: {} },
    callback: () => undefined,
  };
}

/** Stands for the invoker: counts invocations and lets the test end them. */
function createInvoker() {
  const endings: (() => void)[] = [];
  const invoke = vi.fn(
    () => new Promise<{ outcome: 'timed-out' }>((resolve) => endings.push(() => resolve({ outcome: 'timed-out' }))),
  );
  return { invoke, endings };
}

function startTimer(schedule: string, options: Record<string, unknown> = {}) {
  const invoker = createInvoker();
  const listener = new TimerListener(timerFunction(options), parseSchedule(schedule, 'tick'), invoker, silentLog);
  listener.start();
  return { ...invoker, listener };
}

describe('TimerListener', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 11, 0, 0) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('fires at each occurrence and not before', async () => {
    const { invoke, endings } = startTimer('*/10 * * * * *');
    await vi.advanceTimersByTimeAsync(9_999);
    expect(invoke).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(invoke).toHaveBeenCalledTimes(1);
    endings.shift()?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(invoke).toHaveBeenCalledTimes(2);
  });

  it('skips occurrences while a run goes on', async () => {
    const { invoke, endings } = startTimer('*/10 * * * * *');
    await vi.advanceTimersByTimeAsync(35_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    endings.shift()?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(invoke).toHaveBeenCalledTimes(2);
  });

  it('fires at once when told to run on startup', async () => {
    const { invoke } = startTimer('0 0 0 1 1 *', { runOnStartup: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(invoke).toHaveBeenCalledTimes(1);
  });

  it('waits for an occurrence that is further away than a timer can count', async () => {
    const { invoke } = startTimer('0 0 0 1 3 *');
    await vi.advanceTimersByTimeAsync(97 * 24 * 3600 * 1000);
    expect(invoke).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(13 * 3600 * 1000);
    expect(invoke).toHaveBeenCalledTimes(1);
  });

  it('fires no more once stopped, even when a run ends later', async () => {
    const { invoke, endings, listener } = startTimer('*/10 * * * * *');
    await vi.advanceTimersByTimeAsync(10_000);
    listener.stop();
    endings.shift()?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(invoke).toHaveBeenCalledTimes(1);
  });
});
