import { describe, expect, it } from 'vitest';
import type { RegisteredFunction } from '../../../../tools/local-host/function-app.ts';
import { buildRouteTable, findRoute } from '../../../../tools/local-host/route-table.ts';

function httpFunction(name: string, options: { route?: string; methods?: string[] } = {}): RegisteredFunction {
  const trigger = { type: 'httpTrigger', direction: 'in' as const, ...options };
  return {
    name,
    trigger,
    triggerName: 'trigger',
    metadata: { name, bindings: { trigger } },
    callback: () => undefined,
  };
}

describe('findRoute', () => {
  const table = buildRouteTable(
    [
      httpFunction('submit', { route: 'jobs', methods: ['POST'] }),
      httpFunction('list', { route: 'jobs', methods: ['GET'] }),
      httpFunction('read', { route: 'jobs/{id}', methods: ['GET'] }),
      httpFunction('plain'),
    ],
    'v1',
  );
  const find = (method: string, path: string) => findRoute(table, method, path)?.fn.name;

  it('tells functions of one path apart by method', () => {
    expect([find('POST', '/v1/jobs'), find('GET', '/v1/jobs')]).toEqual(['submit', 'list']);
  });

  it('finds nothing for a known path with another method, as the real host answers 404 there', () => {
    expect(find('DELETE', '/v1/jobs')).toBeUndefined();
  });

  it('serves a function without route under its name, by GET and POST', () => {
    expect([find('GET', '/v1/plain'), find('POST', '/v1/plain'), find('PUT', '/v1/plain')]).toEqual([
      'plain',
      'plain',
      undefined,
    ]);
  });

  it('knows no path outside the prefix', () => {
    expect(find('GET', '/jobs/1')).toBeUndefined();
  });
});

describe('buildRouteTable', () => {
  it.each(['admin', 'admin/keys', 'Runtime/x', 'runtime'])('refuses the route %s and says why', (route) => {
    expect(() => buildRouteTable([httpFunction('bad', { route })], '')).toThrow(/bad.*admin or runtime/);
  });

  it.each(['administration', 'runtimes/x'])('allows the route %s, which only resembles a built-in one', (route) => {
    expect(buildRouteTable([httpFunction('good', { route })], '')).toHaveLength(1);
  });

  it('refuses two functions that answer the same', () => {
    const twins = [httpFunction('one', { route: 'a/{x}' }), httpFunction('two', { route: 'a/{y}' })];
    expect(() => buildRouteTable(twins, '')).toThrow(/one and two both answer GET/);
  });
});
