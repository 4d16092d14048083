import { HostError } from './host-error.ts';

type SegmentKind = 'literal' | 'constrained' | 'parameter' | 'catch-all';

interface Segment {
  kind: SegmentKind;
  /** Source of a regular expression for the segment, one group per parameter. */
  pattern: string;
  parameters: string[];
  optional: boolean;
}

/** A compiled route such as `jobs/{id}/cancel`, `files/{*path}` or `items/{id:int?}`. */
export interface RouteTemplate {
  text: string;
  segments: Segment[];
  expression: RegExp;
  parameters: string[];
}

// Constraints of ASP.NET routing that can be told from the text alone.
const constraints: Readonly<Record<string, string>> = {
  int: '-?\\d{1,10}',
  long: '-?\\d{1,19}',
  bool: '(?:true|false)',
  guid: '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}',
  alpha: '[a-z]+',
  decimal: '-?\\d+(?:\\.\\d+)?',
};

const parameterPattern = /\{(\*{0,2})([a-z_][\w-]*)(?::([^{}?]+))?(\?)?\}/gi;
const rank: Readonly<Record<SegmentKind, number>> = { literal: 0, constrained: 1, parameter: 2, 'catch-all': 3 };

/** Compiles a route; `owner` is named in the HostError about a template that the local host cannot read. */
export function parseRoute(text: string, owner: string): RouteTemplate {
  const segments = splitSegments(text).map((part) => parseSegment(part, text, owner));
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (!isLast && (segment.kind === 'catch-all' || segment.optional)) {
      throw new HostError(`Function ${owner}: in route '${text}' only the last segment may be optional or catch-all.`);
    }
  });
  const source = segments.map((segment) => {
    if (segment.kind === 'catch-all') return '(?:/(.*))?';
    return segment.optional ? `(?:/${segment.pattern})?` : `/${segment.pattern}`;
  });
  return {
    text,
    segments,
    expression: new RegExp(`^${source.join('')}/?$`, 'i'),
    parameters: segments.flatMap((segment) => segment.parameters),
  };
}

function splitSegments(text: string): string[] {
  return text.split('/').filter((part) => part !== '');
}

function parseSegment(part: string, text: string, owner: string): Segment {
  const parameters: string[] = [];
  let kind: SegmentKind = 'literal';
  let optional = false;
  let pattern = '';
  let end = 0;
  for (const match of part.matchAll(parameterPattern)) {
    const [whole, stars, name = '', constraint, question] = match;
    pattern += escapeLiteral(part.slice(end, match.index));
    end = match.index + whole.length;
    parameters.push(name);
    if (stars !== '') {
      if (whole !== part)
        throw new HostError(`Function ${owner}: '${part}' in route '${text}' is not a whole segment.`);
      return { kind: 'catch-all', pattern: '', parameters, optional: false };
    }
    kind = constraint !== undefined && whole === part ? 'constrained' : 'parameter';
    optional = question === '?';
    pattern += `(${constraint === undefined ? '[^/]+' : readConstraint(constraint, text, owner)})`;
  }
  const rest = part.slice(end);
  if (/[{}]/.test(rest)) throw new HostError(`Function ${owner}: cannot read '${part}' in route '${text}'.`);
  return { kind, pattern: pattern + escapeLiteral(rest), parameters, optional };
}

function readConstraint(name: string, text: string, owner: string): string {
  const pattern = constraints[name.toLowerCase()];
  if (pattern !== undefined) return pattern;
  const known = Object.keys(constraints).join(', ');
  throw new HostError(`Function ${owner}: constraint '${name}' in route '${text}' is none of ${known}.`);
}

function escapeLiteral(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The parameters of a path that fits the template, undefined when it does not; an absent optional one is left out. */
export function matchRoute(template: RouteTemplate, path: string): Record<string, string> | undefined {
  const match = template.expression.exec(path);
  if (match === null) return undefined;
  const values: Record<string, string> = {};
  template.parameters.forEach((name, index) => {
    const value = match[index + 1];
    if (value !== undefined && value !== '') values[name] = decodeSegment(value);
  });
  return values;
}

// ASP.NET leaves an encoded slash as it is, so that it cannot be taken for a separator.
function decodeSegment(value: string): string {
  try {
    return value
      .split(/(%2f)/i)
      .map((part) => (/^%2f$/i.test(part) ? part : decodeURIComponent(part)))
      .join('');
  } catch {
    return value;
  }
}

/** Orders templates so that the most specific comes first: literal, constrained, plain parameter, catch-all. */
export function compareRoutes(a: RouteTemplate, b: RouteTemplate): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.segments[index];
    const right = b.segments[index];
    // A route that has ended is more specific than one that goes on with something optional.
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (rank[left.kind] !== rank[right.kind]) return rank[left.kind] - rank[right.kind];
  }
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}
