import { beforeEach, expect, test } from 'vitest';
import { Drain } from '../../../src/core/gateway/drain.ts';
import { UnservedRequests } from '../../../src/core/gateway/unserved-requests.ts';
import { StorageUnavailableError, WeirError } from '../../../src/core/http/weir-error.ts';
import type { TelemetryEvent } from '../../../src/core/telemetry/telemetry.ts';
import { NewerRowError } from '../../../src/core/versioned.ts';
import { refuse } from '../../../src/functions/http/refuse.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let drain: Drain;
let unserved: UnservedRequests;
let events: TelemetryEvent[];
let logged: string[];

beforeEach(() => {
  clock = new VirtualClock();
  drain = new Drain();
  events = [];
  logged = [];
  const telemetry = { track: (event: TelemetryEvent) => void events.push(event), flush: async () => {} };
  unserved = new UnservedRequests({ clock, telemetry, drain });
});

function answer(error: unknown, route = 'POST /jobs') {
  return refuse(error, { route, unserved, logError: (text) => void logged.push(text) });
}

/** What was told, oldest first. */
function told() {
  return events.map((event) => (event.type === 'notice' ? event.fields : null));
}

const away = new StorageUnavailableError('read', new Error('secret prompt'));

test('a 503 is answered and told at once, with its code and route and nothing of its cause', () => {
  expect(answer(away)).toMatchObject({ status: 503, body: { error: { code: 'storage_unavailable' } } });
  expect(events).toMatchObject([{ type: 'notice', level: 'warning', name: 'request_not_served' }]);
  expect(told()).toEqual([{ code: 'storage_unavailable', route: 'POST /jobs', requests: 1 }]);
  expect(JSON.stringify([events, logged])).not.toContain('secret');
});

test('those after the first are counted and told once a minute, until a minute passes without any', async () => {
  for (let request = 0; request < 100; request += 1) answer(away, request % 2 === 0 ? 'POST /jobs' : 'GET /jobs/{id}');
  await clock.advance(59_000);
  expect(told()).toHaveLength(1);
  await clock.advance(1000);
  const both = 'GET /jobs/{id}, POST /jobs';
  expect(told().slice(1)).toEqual([{ code: 'storage_unavailable', route: both, requests: 99 }]);
  answer(away);
  await clock.advance(59_000);
  expect(told()).toHaveLength(2);
  await clock.advance(200_000);
  expect(told()).toHaveLength(3);
  answer(away);
  expect(told()).toHaveLength(4);
});

test('each code has a minute of its own', () => {
  answer(away);
  answer(new WeirError('identity_unavailable', 'Try again shortly.'));
  answer(new NewerRowError('a row', 2));
  expect(told().map((fields) => fields?.['code'])).toEqual(['storage_unavailable', 'identity_unavailable']);
});

test('what is untold when the process stops is told then', () => {
  answer(away);
  answer(away);
  return drain.begin(clock, 0).then(() => expect(told().at(-1)).toMatchObject({ requests: 1, route: 'POST /jobs' }));
});

test('what nobody foresaw leaves its stack in the log as well', () => {
  expect(answer(new TypeError('x is no function'))).toMatchObject({ status: 500 });
  expect(logged).toEqual([expect.stringContaining('TypeError: x is no function')]);
  expect(told()).toEqual([{ code: 'internal_error', route: 'POST /jobs', requests: 1 }]);
});

test.each(['invalid_request', 'invalid_api_key', 'not_found', 'queue_full', 'budget_exceeded'] as const)(
  "a caller's own %s is told to nobody else",
  (code) => {
    answer(new WeirError(code, 'Do otherwise.'));
    expect([events, logged]).toEqual([[], []]);
  },
);
