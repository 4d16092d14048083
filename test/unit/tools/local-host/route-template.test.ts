import { describe, expect, it } from 'vitest';
import { compareRoutes, matchRoute, parseRoute } from '../../../../tools/local-host/route-template.ts';

function match(route: string, path: string) {
  return matchRoute(parseRoute(route, 'fn'), path);
}

describe('matchRoute', () => {
  it.each([
    ['jobs/{id}', '/jobs/job_1', { id: 'job_1' }],
    ['jobs/{id}', '/jobs/job_1/', { id: 'job_1' }],
    ['Jobs/{id}', '/jobs/1', { id: '1' }],
    ['jobs/{id}/cancel', '/jobs/1/cancel', { id: '1' }],
    ['jobs/{id?}', '/jobs', {}],
    ['jobs/{id?}', '/jobs/1', { id: '1' }],
    ['files/{*path}', '/files', {}],
    ['files/{*path}', '/files/a/b', { path: 'a/b' }],
    ['items/{id:int}', '/items/42', { id: '42' }],
    ['report-{month}.{kind}', '/report-05.csv', { month: '05', kind: 'csv' }],
    [
      'openai/deployments/{model}/chat/completions',
      '/openai/deployments/gpt-4.1/chat/completions',
      { model: 'gpt-4.1' },
    ],
    ['', '/', {}],
  ])('matches %s with %s', (route, path, expected) => {
    expect(match(route, path)).toEqual(expected);
  });

  it.each([
    ['jobs/{id}', '/jobs'],
    ['jobs/{id}', '/jobs/1/2'],
    ['jobs/{id}', '/jobs//'],
    ['items/{id:int}', '/items/abc'],
    ['openapi.json', '/openapiXjson'],
    ['items/{id:guid}', '/items/1'],
  ])('does not match %s with %s', (route, path) => {
    expect(match(route, path)).toBeUndefined();
  });

  it('decodes values but keeps an encoded slash, so that it cannot pass for a separator', () => {
    expect(match('items/{id}', '/items/a%20b%2Fc')).toEqual({ id: 'a b%2Fc' });
  });

  it('takes a value with broken encoding as it is', () => {
    expect(match('items/{id}', '/items/%E0%A4')).toEqual({ id: '%E0%A4' });
  });
});

describe('parseRoute', () => {
  it.each([
    ['{id?}/more', /only the last segment/],
    ['{*rest}/more', /only the last segment/],
    ['a{*rest}', /not a whole segment/],
    ['{id:odd}', /constraint 'odd'/],
    ['{id', /cannot read/],
  ])('refuses %s', (route, message) => {
    expect(() => parseRoute(route, 'fn')).toThrow(message);
  });
});

it('puts the most specific route first', () => {
  const routes = ['{*all}', 'items/{id}', 'items/special', 'items/{id:int}', 'items', 'items/{id}/more'];
  const sorted = routes.map((route) => parseRoute(route, 'fn')).sort(compareRoutes);
  expect(sorted.map((route) => route.text)).toEqual([
    'items',
    'items/special',
    'items/{id:int}',
    'items/{id}',
    'items/{id}/more',
    '{*all}',
  ]);
});
