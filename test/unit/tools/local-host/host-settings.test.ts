import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { securityHeaders } from '../../../../src/functions/http/security-headers.ts';
import { HostError } from '../../../../tools/local-host/host-error.ts';
import { readHostSettings } from '../../../../tools/local-host/host-settings.ts';

const minimal = '{ "version": "2.0" }';

function withQueues(queues: Record<string, unknown>): string {
  return JSON.stringify({ version: '2.0', extensions: { queues } });
}

describe('readHostSettings', () => {
  it('falls back to the defaults of the platform', () => {
    const settings = readHostSettings(minimal, {});
    expect(settings.routePrefix).toBe('api');
    expect(settings.functionTimeoutMs).toBe(1_800_000);
    expect(settings.queues).toMatchObject({
      batchSize: 16,
      maxPollingIntervalMs: 2000,
      visibilityTimeoutMs: 0,
      maxDequeueCount: 5,
      messageEncoding: 'base64',
    });
  });

  it('reads the host.json of this repository', () => {
    const settings = readHostSettings(readFileSync('host.json', 'utf8'), {});
    expect(settings.routePrefix).toBe('');
    expect(settings.queues.visibilityTimeoutMs).toBe(30_000);
    // The host's own answers carry what those of functions do.
    expect(Object.fromEntries(settings.customHeaders)).toEqual(securityHeaders);
  });

  it('lets the environment override a value, whatever the case of its name', () => {
    const settings = readHostSettings(withQueues({ batchSize: 4 }), {
      AzureFunctionsJobHost__extensions__Queues__BATCHSIZE: '8',
      azurefunctionsjobhost__extensions__http__routePrefix: '/v1/',
    });
    expect(settings.queues.batchSize).toBe(8);
    expect(settings.routePrefix).toBe('v1');
  });

  it('takes -1 for no timeout at all', () => {
    expect(readHostSettings('{ "version": "2.0", "functionTimeout": "-1" }', {}).functionTimeoutMs).toBeUndefined();
  });

  it('names every value that is out of range', () => {
    const text = withQueues({ batchSize: 33, maxDequeueCount: 0, maxPollingInterval: '00:00:00.05' });
    expect(() => readHostSettings(text, {})).toThrow(
      /batchSize is 33[\s\S]*maxPollingInterval[\s\S]*maxDequeueCount is 0/,
    );
  });

  it.each(['{', '{ "version": "1.0" }'])('refuses %s', (text) => {
    expect(() => readHostSettings(text, {})).toThrow(HostError);
  });
});
