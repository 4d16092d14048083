import { type ErrorCode, errorStatuses } from '../weir-error.ts';
import { figureOperations } from './figure-operations.ts';
import { jobOperations } from './job-operations.ts';
import { type AnswerHeader, type Operation, type OperationAnswer, refusalsOfAll } from './operation.ts';
import { type JsonSchema, publishNamedSchemas, publishSchema } from './publish-schema.ts';
import { errorSchema, type Refusal, type RefusalHeader, refusals } from './refusals.ts';

/** Every route of the running app. */
export const operations: readonly Operation[] = [...jobOperations, ...figureOperations];

/** The OpenAPI 3.1 document of this version of the gateway, from the schemas that the code itself checks with. */
export function buildOpenApi({ version }: { readonly version: string }): JsonSchema {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Weir',
      version,
      summary: 'A serverless gateway for Azure OpenAI.',
      description:
        'Durable jobs, paced quota, failover and a bill by team. Times are Unix seconds, money is a decimal string of US dollars. Answers may gain fields; ignore those you do not know.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Paths are relative to wherever this document was read from.
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: [
      { name: 'jobs', description: 'Submit, follow, cancel.' },
      { name: 'figures', description: 'Usage, money, queues, deployments.' },
      { name: 'service', description: 'The gateway itself.' },
    ],
    paths: describePaths(),
    components: {
      schemas: publishNamedSchemas(),
      headers,
      responses: Object.fromEntries(refusals.map((refusal) => [refusal.code, describeRefusals([refusal])])),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A team key, or an access token of Microsoft Entra ID.',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'api-key', description: 'A team key.' },
      },
    },
  };
}

const text: JsonSchema = { type: 'string' };

const headers: Readonly<Record<AnswerHeader | RefusalHeader | 'x-request-id', JsonSchema>> = {
  'x-request-id': { description: 'Names this request in logs.', schema: text },
  location: { description: 'Path of the job.', schema: text },
  'retry-after': { description: 'Whole seconds until it makes sense to come back.', schema: { type: 'integer' } },
  'retry-after-ms': { description: 'The same in milliseconds.', schema: { type: 'integer' } },
  'idempotent-replayed': { description: '`true`: this key was used before.', schema: { const: 'true' } },
  'x-should-retry': { description: '`false`: coming again does not help.', schema: { const: 'false' } },
  'x-weir-budget-reset': { description: 'Unix seconds at which the budget starts anew.', schema: { type: 'integer' } },
  'www-authenticate': { description: 'Which credential is wanted.', schema: text },
};

function describePaths(): JsonSchema {
  const paths = new Map<string, Record<string, JsonSchema>>();
  for (const operation of operations) {
    const path = paths.get(operation.path) ?? {};
    paths.set(operation.path, { ...path, [operation.method]: describeOperation(operation) });
  }
  return Object.fromEntries(paths);
}

function describeOperation(operation: Operation): JsonSchema {
  const { id, tag, summary, description, parameters, requestBody, isAnonymous = false } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isAnonymous ? { security: [] } : {}),
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      required: parameter.in === 'path',
      description: parameter.description,
      schema: publishSchema(parameter.schema),
    })),
    ...(requestBody === undefined
      ? {}
      : { requestBody: { required: true, content: json(publishSchema(requestBody)) } }),
    responses: {
      ...Object.fromEntries(operation.answers.map((answer) => [String(answer.status), describeAnswer(answer)])),
      ...describeRefusalsOf(operation),
    },
  };
}

function describeAnswer({ description, schema, headers: own = [] }: OperationAnswer): JsonSchema {
  return {
    description,
    headers: referToHeaders(['x-request-id', ...own]),
    content: json(schema === null ? { type: 'object' } : publishSchema(schema)),
  };
}

/** By status: a reference where one code answers with it, all of them told together otherwise. */
function describeRefusalsOf(operation: Operation): JsonSchema {
  const codes: ReadonlySet<ErrorCode> = new Set(
    operation.isAnonymous === true ? operation.refusals : [...refusalsOfAll, ...operation.refusals],
  );
  const byStatus = Map.groupBy(
    refusals.filter(({ code }) => codes.has(code)),
    ({ code }) => String(errorStatuses[code]),
  );
  const described = [...byStatus].map(([status, told]) => {
    const [only] = told;
    const isOne = told.length === 1 && only !== undefined;
    return [status, isOne ? { $ref: `#/components/responses/${only.code}` } : describeRefusals(told)];
  });
  return Object.fromEntries(described);
}

function describeRefusals(told: readonly Refusal[]): JsonSchema {
  return {
    description: told.map(({ code, when, advice }) => `\`${code}\`: ${when} ${advice}`).join('\n\n'),
    headers: referToHeaders(['x-request-id', ...new Set(told.flatMap((refusal) => refusal.headers))]),
    content: json(publishSchema(errorSchema)),
  };
}

function referToHeaders(names: readonly string[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function json(schema: JsonSchema): JsonSchema {
  return { 'application/json': { schema } };
}
