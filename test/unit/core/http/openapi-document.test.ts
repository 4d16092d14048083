import { describe, expect, it } from 'vitest';
import { toErrorResponse } from '../../../../src/core/http/error-response.ts';
import { buildOpenApi, operations } from '../../../../src/core/http/openapi/build-openapi.ts';
import type { OperationParameter } from '../../../../src/core/http/openapi/operation.ts';
import { refusals } from '../../../../src/core/http/openapi/refusals.ts';
import { isJsonObject } from '../../../../src/core/http/parse-json.ts';
import { parseJobListQuery, parseMetricsQuery, parseWaitSeconds } from '../../../../src/core/http/parse-query.ts';
import { errorStatuses, WeirError } from '../../../../src/core/http/weir-error.ts';

interface Described {
  operationId: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, Record<string, unknown>>;
}

interface Document {
  openapi: string;
  info: Record<string, unknown>;
  tags: { name: string }[];
  security: Record<string, string[]>[];
  paths: Record<string, Record<string, Described>>;
  components: {
    schemas: Record<string, Record<string, unknown>>;
    responses: Record<string, Record<string, unknown>>;
    headers: Record<string, unknown>;
    securitySchemes: Record<string, unknown>;
  };
}

// What travels is JSON: `undefined` and functions would be lost there.
const document: Document = JSON.parse(JSON.stringify(buildOpenApi({ version: '1.2.3' })));
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function resolve(reference: string): unknown {
  const parts = reference.replace(/^#\//, '').split('/');
  return parts.reduce<unknown>((value, part) => (isJsonObject(value) ? value[part] : undefined), document);
}

function* objectsIn(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (isJsonObject(value)) yield value;
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe('the OpenAPI document', () => {
  it('is of version 3.1 and names itself', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Weir', version: '1.2.3' });
  });

  it('refers only to what it holds', () => {
    const references = [...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) expect(resolve(reference), reference).toBeTypeOf('object');
  });

  it('gives every operation an id of its own, a known tag and known credentials', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(operations.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operation } of described) {
      for (const tag of operation.tags) expect(tags).toContain(tag);
      for (const entry of [...(operation.security ?? []), ...document.security]) {
        for (const name of Object.keys(entry)) expect(document.components.securitySchemes).toHaveProperty(name);
      }
    }
  });

  it('declares exactly the parameters of each path, required, and no parameter twice', () => {
    for (const { path, operation } of described) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const own = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(own.map(({ name }) => name)).toEqual(inPath);
      expect(own.every(({ required }) => required)).toBe(true);
      const keys = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { schema } of operation.parameters) expect(Object.keys(schema).length).toBeGreaterThan(0);
    }
  });

  it('describes every response, with a schema and the request id', () => {
    for (const { path, method, operation } of described) {
      expect(Object.keys(operation.responses)).toContain('200');
      for (const [status, response] of Object.entries(operation.responses)) {
        const whole = typeof response['$ref'] === 'string' ? resolve(response['$ref']) : response;
        expect(whole, `${method} ${path} ${status}`).toMatchObject({
          description: expect.stringMatching(/./),
          headers: { 'x-request-id': expect.anything() },
          content: { 'application/json': { schema: expect.anything() } },
        });
      }
    }
  });

  it('asks for a credential everywhere but where nothing is to be learnt', () => {
    const open = described.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
    expect(open.sort()).toEqual(['/health', '/openapi.json']);
    for (const { operation } of described) {
      expect('401' in operation.responses).toBe(operation.security === undefined);
    }
  });

  it('leaves answers open to new fields and keeps the submission closed', () => {
    const { JobSubmission, ...answers } = document.components.schemas;
    expect(JobSubmission).toMatchObject({ additionalProperties: false, required: ['endpoint', 'body'] });
    expect(Object.keys(JobSubmission?.['properties'] ?? {})).toEqual([
      'endpoint',
      'body',
      'priority',
      'deadline_seconds',
      'metadata',
    ]);
    const closed = [...objectsIn(answers)].filter((schema) => schema['additionalProperties'] === false);
    expect(closed).toEqual([]);
  });

  it('holds no identity of a schema of its own, which would change what references mean', () => {
    const named = Object.values(document.components.schemas);
    expect(named.filter((schema) => '$id' in schema || '$schema' in schema || '$defs' in schema)).toEqual([]);
  });
});

describe('the refusals of the document', () => {
  it('are every code, once, each with the headers that it is sent with', () => {
    expect(refusals.map(({ code }) => code)).toEqual(Object.keys(errorStatuses));
    for (const { code, headers } of refusals) {
      const sent = toErrorResponse(new WeirError(code, 'x', { retryAfterMs: 1, resetAtMs: 1 })).headers;
      const isTold = (name: string) => headers.some((known) => known === name);
      // A hint or a reset time that a code never gets is no header of it.
      const expected = Object.keys(sent).filter((name) => isTold(name) || !/^retry-after|^x-weir-budget/.test(name));
      expect([...headers].sort(), code).toEqual(expected.sort());
      expect(document.components.responses).toHaveProperty(code);
    }
  });

  it('stand under their own status in every operation', () => {
    for (const { operation } of described) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const reference = String(response['$ref'] ?? '');
        const named = reference === '' ? [...String(response['description']).matchAll(/`([a-z_]+)`: /g)] : [];
        const codes = reference === '' ? named.map((match) => String(match[1])) : [reference.split('/').at(-1) ?? ''];
        for (const code of codes) expect(errorStatuses).toHaveProperty(code, Number(status));
      }
    }
  });
});

describe('the parameters of the document', () => {
  const find = (id: string, name: string): OperationParameter => {
    const found = operations.find((operation) => operation.id === id)?.parameters.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${id} has no parameter ${name}`);
    return found;
  };

  it.each([
    ['readJob', 'wait', parseWaitSeconds],
    ['listJobs', 'limit', parseJobListQuery],
    ['readMetrics', 'last', parseMetricsQuery],
  ] as const)('take of %s the same %s as the route does', (id, name, parse) => {
    const { schema } = find(id, name);
    for (const value of [-1, 0, 1, 2, 29, 30, 31, 99, 100, 101, 999, 1000, 1001]) {
      const isTaken = !(parse(new URLSearchParams({ [name]: String(value) })) instanceof WeirError);
      expect(schema.safeParse(value).success, `${name}=${value}`).toBe(isTaken);
    }
  });
});
