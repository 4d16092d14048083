import { Cron } from 'croner';
import { HostError } from './host-error.ts';
import { parseTimeSpanMs } from './time-span.ts';

/** When a timer function is due. */
export interface TimerSchedule {
  /** The first occurrence after `after`, in milliseconds since the epoch; undefined when there is none. */
  next(afterMs: number): number | undefined;
}

/**
 * Reads an NCRONTAB expression: `{second} {minute} {hour} {day} {month} {day of week}`, in UTC; five fields mean second 0.
 * Both day fields must match, unlike in Unix cron. A TimeSpan works on dedicated plans only and is refused.
 */
export function parseSchedule(text: string, owner: string): TimerSchedule {
  const refuse = (reason: string) => new HostError(`Function ${owner}: schedule '${text}' ${reason}`);
  if (parseTimeSpanMs(text) !== undefined) {
    throw refuse('is a TimeSpan; those work on App Service plans only. Write it as six fields, e.g. "0 */5 * * * *".');
  }
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  if (fields.length !== 6) throw refuse(`has ${fields.length} fields; six are needed, seconds first.`);
  // What croner knows beyond NCRONTAB must fail here, not on the day of the deployment.
  if (
    !fields.every((field) => /^[\dA-Za-z*,/-]+$/.test(field)) ||
    fields.slice(2, 4).some((field) => /[A-Za-z]/.test(field))
  ) {
    throw refuse('holds characters that NCRONTAB does not know.');
  }
  try {
    const cron = new Cron(fields.join(' '), { mode: '6-part', timezone: 'UTC', domAndDow: true, paused: true });
    return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
  } catch (error) {
    throw refuse(`is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
}
