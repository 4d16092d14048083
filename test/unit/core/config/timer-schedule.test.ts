import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import {
  isScheduleWithin,
  mostProbeSeconds,
  mostSweepSeconds,
  widestGapSeconds,
} from '../../../../src/core/config/timer-schedule.ts';

/** The longest pause that the cron library finds, in seconds. */
function gapOf(schedule: string): number {
  const cron = new Cron(schedule.trim().replaceAll(/\s+/g, ' '), { paused: true });
  const runs = cron.nextRuns(200, new Date(0)).map((date) => date.getTime());
  return Math.max(...runs.slice(1).map((atMs, index) => atMs - (runs[index] ?? 0))) / 1000;
}

describe('the longest pause of a schedule', () => {
  it.each([
    ['*/15 * * * * *', 15],
    ['* * * * * *', 1],
    ['0,30 * * * * *', 30],
    ['5-59/20 * * * * *', 20],
    ['0-59/30 * * * * *', 30],
    [' */1  * * * * * ', 1],
    ['*/31 * * * * *', 31],
    ['0,20 * * * * *', 40],
    ['0 * * * * *', 60],
    ['59 * * * * *', 60],
  ])('of %j is %d s, as the cron library has it', (schedule, seconds) => {
    expect(widestGapSeconds(schedule)).toBe(seconds);
    expect(gapOf(schedule)).toBe(seconds);
  });

  it.each([
    'every 15 seconds',
    'elevenchars',
    '*/15 * * * *',
    '*/15 * * * * * *',
    '0 0 * * * *',
    '0 */5 * * * *',
    '60 * * * * *',
    '30-10 * * * * *',
    '*/0 * * * * *',
    '5/20 * * * * *',
    '*/15 * * * * MON-FRI',
    '*/15\t* * * * *',
    '*/15 * * * * *\n',
    '',
    '00:00:15',
  ])('of %j is unknown', (schedule) => {
    expect(widestGapSeconds(schedule)).toBe(null);
    expect(isScheduleWithin(mostProbeSeconds)(schedule)).toBe(false);
  });
});

describe('a schedule', () => {
  it.each([
    ['*/15 * * * * *', true, true],
    ['0,30 * * * * *', true, true],
    ['*/31 * * * * *', false, true],
    ['0 * * * * *', false, true],
  ])('%j may be the sweep’s: %s, the probes’: %s', (schedule, isSweeps, isProbes) => {
    expect(isScheduleWithin(mostSweepSeconds)(schedule)).toBe(isSweeps);
    expect(isScheduleWithin(mostProbeSeconds)(schedule)).toBe(isProbes);
  });
});
