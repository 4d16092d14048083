import type { RegisteredFunction } from './function-app.ts';
import { HostError } from './host-error.ts';
import { compareRoutes, matchRoute, parseRoute, type RouteTemplate } from './route-template.ts';

/** An HTTP function with the methods and the path that reach it. */
export interface Route {
  fn: RegisteredFunction;
  methods: ReadonlySet<string>;
  template: RouteTemplate;
}

/** The HTTP functions of an app in the order in which a request is compared with them. */
export type RouteTable = readonly Route[];

/**
 * Builds the table under a prefix. Throws a HostError for a route that the real host refuses: one that begins with
 * `admin` or `runtime`, or two functions with the same path and method.
 */
export function buildRouteTable(functions: Iterable<RegisteredFunction>, routePrefix: string): RouteTable {
  const routes = [...functions].map((fn) => toRoute(fn, routePrefix));
  routes.sort((a, b) => compareRoutes(a.template, b.template));
  const seen = new Map<string, string>();
  for (const { fn, methods, template } of routes) {
    for (const method of methods) {
      const key = `${method} ${template.expression.source}`;
      const other = seen.get(key);
      if (other !== undefined) {
        throw new HostError(`Functions ${other} and ${fn.name} both answer ${method} /${template.text}.`);
      }
      seen.set(key, fn.name);
    }
  }
  return routes;
}

function toRoute(fn: RegisteredFunction, routePrefix: string): Route {
  const { route, methods } = fn.trigger;
  const own = (typeof route === 'string' ? route : fn.name).replace(/^\/+|\/+$/g, '');
  const text = [routePrefix, own].filter((part) => part !== '').join('/');
  // The real host judges the first segment of what it serves; under a prefix these words are harmless.
  if (/^(admin|runtime)(\/|$)/i.test(text)) {
    throw new HostError(
      `The specified route conflicts with one or more built in routes: function ${fn.name} has the route '${text}', ` +
        'but the host keeps everything that begins with admin or runtime for itself. Choose another first segment.',
    );
  }
  const listed = Array.isArray(methods) ? methods.filter((method) => typeof method === 'string') : [];
  const names = (listed.length > 0 ? listed : ['GET', 'POST']).map((method) => method.toUpperCase());
  return { fn, methods: new Set(names), template: parseRoute(text, fn.name) };
}

/** The function that a request reaches, with its route values; undefined is the host's 404, for a wrong method too. */
export function findRoute(
  table: RouteTable,
  method: string,
  path: string,
): { fn: RegisteredFunction; values: Record<string, string> } | undefined {
  for (const route of table) {
    if (!route.methods.has(method)) continue;
    const values = matchRoute(route.template, path);
    if (values !== undefined) return { fn: route.fn, values };
  }
  return undefined;
}
