import { describe, expect, it } from 'vitest';
import { injectLocalSettings, isDisabled, resolveSettings } from '../../../../tools/local-host/app-settings.ts';

describe('injectLocalSettings', () => {
  it('fills in what the environment lacks and overrides nothing', () => {
    const environment: Record<string, string | undefined> = { KEPT: 'from the environment' };
    injectLocalSettings('{ "Values": { "KEPT": "from the file", "NEW": "from the file" } }', environment);
    expect(environment).toMatchObject({ KEPT: 'from the environment', NEW: 'from the file' });
  });

  it('forces the environment to Development, with or without a file', () => {
    const environment: Record<string, string | undefined> = { AZURE_FUNCTIONS_ENVIRONMENT: 'Production' };
    injectLocalSettings(undefined, environment);
    expect(environment['AZURE_FUNCTIONS_ENVIRONMENT']).toBe('Development');
  });

  it.each([
    ['{', /not valid JSON/],
    ['{ "IsEncrypted": true, "Values": {} }', /encrypted/],
    ['{ "Values": { "NUMBER": 5 } }', /NUMBER must be a string/],
  ])('refuses %s', (text, message) => {
    expect(() => injectLocalSettings(text, {})).toThrow(message);
  });
});

describe('resolveSettings', () => {
  it('replaces every %name% by its setting', () => {
    expect(resolveSettings('%A%-%B%', { A: 'jobs', B: 'bulk' }, 'work')).toBe('jobs-bulk');
  });

  it('names function and setting when there is none', () => {
    expect(() => resolveSettings('%MISSING%', {}, 'work')).toThrow(/work.*%MISSING%/);
  });
});

it.each([
  [{ 'AzureWebJobs.sweep.Disabled': 'true' }, true],
  [{ 'AzureWebJobs.sweep.Disabled': '1' }, true],
  [{ AzureWebJobs__sweep__Disabled: 'True' }, true],
  [{ 'AzureWebJobs.sweep.Disabled': 'false' }, false],
  [{ 'AzureWebJobs.other.Disabled': 'true' }, false],
])('reads %o as disabled: %s', (environment, expected) => {
  expect(isDisabled('sweep', environment)).toBe(expected);
});
