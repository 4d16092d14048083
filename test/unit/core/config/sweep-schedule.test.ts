import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { isSweepSchedule } from '../../../../src/core/config/sweep-schedule.ts';

test.each([
  '*/15 * * * * *',
  '* * * * * *',
  '0,30 * * * * *',
  '5-59/20 * * * * *',
  '0-59/30 * * * * *',
  ' */1  * * * * * ',
])('takes %j, which the cron library reads and fires at least every thirty seconds', (schedule) => {
  expect(isSweepSchedule(schedule)).toBe(true);
  const cron = new Cron(schedule.trim().replaceAll(/\s+/g, ' '), { paused: true });
  const runs = cron.nextRuns(200, new Date(0)).map((date) => date.getTime());
  const gaps = runs.slice(1).map((atMs, index) => atMs - (runs[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
});

test.each([
  'every 15 seconds',
  '*/15 * * * *',
  '*/15 * * * * * *',
  '0 0 * * * *',
  '0 * * * * *',
  '*/31 * * * * *',
  '0,20 * * * * *',
  '60 * * * * *',
  '30-10 * * * * *',
  '*/0 * * * * *',
  '5/20 * * * * *',
  '*/15 * * * * MON-FRI',
  '00:00:15',
])('refuses %j', (schedule) => {
  expect(isSweepSchedule(schedule)).toBe(false);
});
