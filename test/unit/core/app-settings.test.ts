import { describe, expect, it } from 'vitest';
import { readAppSettings } from '../../../src/core/app-settings.ts';

describe('readAppSettings', () => {
  it('takes blank for absent and reads numbers', () => {
    expect(readAppSettings({ WEIR_LEASE_SECONDS: ' ', WEIR_GRACE_SECONDS: '1.5' })).toMatchObject({
      WEIR_LEASE_SECONDS: 45,
      WEIR_GRACE_SECONDS: 1.5,
    });
  });

  it.each([
    ['WEIR_LEASE_SECONDS', 'abc', 'a number from 2 to 600'],
    ['WEIR_LEASE_SECONDS', '1', 'a number from 2 to 600'],
    ['WEIR_GRACE_SECONDS', '601', 'a number from 0 to 600'],
    [
      'WEIR_SWEEP_SCHEDULE',
      'every 15 seconds',
      'a schedule of six fields whose last five are *, that fires at least every 30 seconds, such as',
    ],
    ['WEIR_SWEEP_SCHEDULE', '0 0 * * * *', 'a schedule of six fields'],
    [
      'WEIR_PROBE_SCHEDULE',
      'eleven chars',
      'a schedule of six fields whose last five are *, that fires at least every 60 seconds, such as */5 * * * * *,',
    ],
    ['WEIR_PROBE_SCHEDULE', '0 0 * * * *', 'a schedule of six fields'],
    ['WEIR_OPENAI_SCOPE', 'nowhere', 'an address such as https://cognitiveservices.azure.com/.default'],
    ['WEIR_LOG_LEVEL', 'loud', 'one of '],
  ])('says of %s what was received and what is allowed', (name, value, allowed) => {
    expect(() => readAppSettings({ [name]: value })).toThrow(`${name}: received "${value}", ${allowed}`);
  });

  it('gives calls in flight no longer than the host gives the process', () => {
    expect(readAppSettings({}).WEIR_GRACE_SECONDS).toBe(2);
    expect(readAppSettings({ WEIR_GRACE_SECONDS: '20' }).WEIR_GRACE_SECONDS).toBe(2);
  });

  it('takes the schedules of every environment', () => {
    for (const schedule of ['*/5 * * * * *', '0 * * * * *']) {
      expect(readAppSettings({ WEIR_PROBE_SCHEDULE: schedule }).WEIR_PROBE_SCHEDULE).toBe(schedule);
    }
  });

  it('names every wrong one at once', () => {
    expect(() => readAppSettings({ WEIR_LEASE_SECONDS: 'abc', WEIR_LOG_LEVEL: 'loud' })).toThrow(
      /^Wrong settings\. WEIR_LEASE_SECONDS: .* is allowed\. WEIR_LOG_LEVEL: .* is allowed\.$/,
    );
  });
});
