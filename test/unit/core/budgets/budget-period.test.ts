import { describe, expect, it } from 'vitest';
import {
  budgetPeriodAt,
  isValidTimeZone,
  nextResetAtMs,
  periodStartMs,
} from '../../../../src/core/budgets/budget-period.ts';

describe('budgetPeriodAt', () => {
  it.each([
    ['2026-11-30T23:59:59.999Z', 'Etc/UTC', '2026-11'],
    ['2026-12-01T00:00:00.000Z', 'Etc/UTC', '2026-12'],
    ['2026-11-30T23:30:00.000Z', 'Europe/Berlin', '2026-12'],
    ['2026-12-01T04:59:59.999Z', 'America/New_York', '2026-11'],
    ['2026-12-31T10:00:00.000Z', 'Pacific/Kiritimati', '2027-01'],
    ['2026-07-31T18:29:59.999Z', 'Asia/Kolkata', '2026-07'],
    ['2026-07-31T18:30:00.000Z', 'Asia/Kolkata', '2026-08'],
  ])('puts %s in %s into %s', (at, timeZone, period) => {
    expect(budgetPeriodAt(Date.parse(at), timeZone)).toBe(period);
  });
});

describe('nextResetAtMs', () => {
  it.each([
    ['2026-11-23T11:00:00Z', 'Etc/UTC', '2026-12-01T00:00:00.000Z'],
    ['2026-12-31T23:59:59Z', 'Etc/UTC', '2027-01-01T00:00:00.000Z'],
    ['2026-10-20T00:00:00Z', 'Europe/Berlin', '2026-10-31T23:00:00.000Z'],
    ['2026-03-15T00:00:00Z', 'Europe/Berlin', '2026-03-31T22:00:00.000Z'],
    ['2026-10-15T00:00:00Z', 'America/New_York', '2026-11-01T04:00:00.000Z'],
  ])('of %s in %s is %s', (at, timeZone, reset) => {
    expect(new Date(nextResetAtMs(Date.parse(at), timeZone)).toISOString()).toBe(reset);
  });

  it('is the exact moment at which the period changes, wherever and whenever', () => {
    for (const timeZone of [
      'America/Asuncion',
      'Africa/Cairo',
      'Asia/Beirut',
      'America/Havana',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ])
      for (let month = 0; month < 24; month += 1) {
        const at = Date.UTC(2025, month, 15);
        const reset = nextResetAtMs(at, timeZone);
        expect(budgetPeriodAt(reset - 1, timeZone)).toBe(budgetPeriodAt(at, timeZone));
        expect(budgetPeriodAt(reset, timeZone)).not.toBe(budgetPeriodAt(at, timeZone));
        expect(periodStartMs(budgetPeriodAt(reset, timeZone), timeZone)).toBe(reset);
      }
  });
});

describe('isValidTimeZone', () => {
  it('knows IANA names and nothing else', () => {
    expect(isValidTimeZone('Europe/Berlin')).toBe(true);
    expect(isValidTimeZone('Mars/Base')).toBe(false);
    expect(isValidTimeZone('')).toBe(false);
  });
});
