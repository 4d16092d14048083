import type { RegisteredFunction } from './function-app.ts';
import type { HostLog } from './host-log.ts';
import type { Invoker } from './invocation.ts';
import type { TimerSchedule } from './timer-schedule.ts';

// setTimeout knows no longer wait than 2^31 - 1 ms; a schedule of months is waited for in pieces.
const longestWaitMs = 24 * 60 * 60 * 1000;

/** Runs one timer function on its schedule, never twice at once, until stopped. */
export class TimerListener {
  readonly #fn: RegisteredFunction;
  readonly #schedule: TimerSchedule;
  readonly #invoker: Pick<Invoker, 'invoke'>;
  readonly #log: HostLog;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(fn: RegisteredFunction, schedule: TimerSchedule, invoker: Pick<Invoker, 'invoke'>, log: HostLog) {
    this.#fn = fn;
    this.#schedule = schedule;
    this.#invoker = invoker;
    this.#log = log;
  }

  start(): void {
    if (this.#fn.trigger['runOnStartup'] === true) void this.#runThenSchedule('at startup');
    else this.#scheduleNext();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  // Planned anew only after a run has ended: an occurrence that falls into a run is skipped.
  #scheduleNext(): void {
    const dueAt = this.#schedule.next(Date.now());
    if (dueAt === undefined) this.#log.warn(`Timer '${this.#fn.name}' has no further occurrence.`);
    else this.#waitUntil(dueAt);
  }

  #waitUntil(dueAt: number): void {
    if (this.#stopped) return;
    const remainingMs = dueAt - Date.now();
    const next = () =>
      remainingMs > longestWaitMs ? this.#waitUntil(dueAt) : void this.#runThenSchedule('on schedule');
    this.#timer = setTimeout(next, Math.max(0, Math.min(remainingMs, longestWaitMs)));
  }

  async #runThenSchedule(when: string): Promise<void> {
    await this.#invoker.invoke(this.#fn, timerEvent(`Timer fired ${when}`));
    if (!this.#stopped) this.#scheduleNext();
  }
}

/** The event of a timer: no schedule status, since nothing is monitored across restarts here. */
export function timerEvent(reason: string) {
  const data = { Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false };
  return { data: { json: JSON.stringify(data) }, metadata: {}, reason };
}
