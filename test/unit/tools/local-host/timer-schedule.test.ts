import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../../../tools/local-host/timer-schedule.ts';

const monday = Date.UTC(2026, 10, 23, 11, 0, 7);

function next(schedule: string, after = monday): string | undefined {
  const dueAt = parseSchedule(schedule, 'tick').next(after);
  return dueAt === undefined ? undefined : new Date(dueAt).toISOString();
}

describe('parseSchedule', () => {
  it.each([
    ['*/10 * * * * *', '2026-11-23T11:00:10.000Z'],
    ['0 */5 * * * *', '2026-11-23T11:05:00.000Z'],
    ['*/5 * * * *', '2026-11-23T11:05:00.000Z'],
    ['0 0 0 1 1 *', '2027-01-01T00:00:00.000Z'],
    ['0 30 9 * * Mon-Fri', '2026-11-24T09:30:00.000Z'],
    ['0 0 12 * * 0', '2026-11-29T12:00:00.000Z'],
  ])('finds the next occurrence of %s', (schedule, expected) => {
    expect(next(schedule)).toBe(expected);
  });

  it('wants both day fields to match, unlike Unix cron', () => {
    expect(next('0 0 0 13 * 5')).toBe('2027-08-13T00:00:00.000Z');
  });

  it('never names the moment that it is asked from', () => {
    expect(next('*/10 * * * * *', Date.UTC(2026, 10, 23, 11, 0, 10))).toBe('2026-11-23T11:00:20.000Z');
  });

  it.each([
    ['00:05:00', /TimeSpan/],
    ['* * * *', /4 fields/],
    ['0 0 0 L * *', /NCRONTAB does not know/],
    ['0 0 0 ? * 1#2', /NCRONTAB does not know/],
    ['61 * * * * *', /not valid/],
  ])('refuses %s', (schedule, message) => {
    expect(() => parseSchedule(schedule, 'tick')).toThrow(message);
  });
});
