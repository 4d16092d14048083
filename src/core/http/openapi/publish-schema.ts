import { z } from 'zod';
import { jobSubmissionSchema } from '../parse-job-submission.ts';
import * as figures from './figure-schemas.ts';
import * as jobs from './job-schemas.ts';
import { errorSchema } from './refusals.ts';

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas that the document names; every other one is written out where it is used. */
const named: ReadonlyMap<z.ZodType, string> = new Map<z.ZodType, string>([
  [jobs.jobSchema, 'Job'],
  [jobs.jobInProgressSchema, 'JobInProgress'],
  [jobs.endedJobSchema, 'EndedJob'],
  [jobs.attemptSchema, 'Attempt'],
  [jobs.usageSchema, 'TokenUsage'],
  [jobs.jobListSchema, 'JobList'],
  [jobs.jobEventSchema, 'JobEvent'],
  [jobs.jobEventListSchema, 'JobEventList'],
  [jobs.deletedJobSchema, 'DeletedJob'],
  [figures.usageRowSchema, 'UsageRow'],
  [figures.usageGroupSchema, 'UsageGroup'],
  [figures.usageListSchema, 'UsageList'],
  [figures.metricsSummarySchema, 'MetricsSummary'],
  [figures.budgetSchema, 'Budget'],
  [figures.queueSchema, 'Queue'],
  [figures.queueListSchema, 'QueueList'],
  [figures.deploymentSchema, 'Deployment'],
  [figures.deploymentListSchema, 'DeploymentList'],
  [figures.healthSchema, 'Health'],
  [errorSchema, 'Error'],
]);

/** What the submission's schema checks in code and JSON Schema must be told. */
const submissionNotes: Readonly<Record<string, JsonSchema>> = {
  body: {
    description:
      'The request of that endpoint as OpenAI defines it, passed on unchanged but for an output cap where it has none. `stream` and `background` are refused.',
    properties: { model: { type: 'string' } },
    required: ['model'],
  },
  priority: { description: 'The lane.' },
  deadline_seconds: { description: 'From acceptance; past it nothing is sent and the job ends `expired`.' },
  metadata: {
    description: '`project` is also a dimension of `GET /usage`.',
    maxProperties: 16,
    propertyNames: { type: 'string', minLength: 1, maxLength: 64 },
  },
};

/** The schemas of `components.schemas` by name, referring to each other. */
export function publishNamedSchemas(): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...settings, uri: referTo });
  const answers = Object.entries(schemas).map(([name, schema]) => [name, withoutIdentity(schema)]);
  return { ...Object.fromEntries(answers), JobSubmission: publishSubmission() };
}

/** A schema where it is used: a reference when it has a name. */
export function publishSchema(schema: z.ZodType): JsonSchema {
  if (schema === jobSubmissionSchema) return { $ref: referTo('JobSubmission') };
  const name = named.get(schema);
  return name === undefined ? withoutIdentity(z.toJSONSchema(schema, settings)) : { $ref: referTo(name) };
}

const settings = {
  // What is optional to the sender is optional; answers hold every default already.
  io: 'input',
  unrepresentable: 'any',
  override: (context) => {
    // Answers may gain fields: a client made from this document must not choke on them.
    if (context.jsonSchema.additionalProperties === false) delete context.jsonSchema.additionalProperties;
  },
} as const satisfies Parameters<typeof z.toJSONSchema>[1];

function publishSubmission(): JsonSchema {
  const { properties, ...rest } = withoutIdentity(
    z.toJSONSchema(jobSubmissionSchema, { io: 'input', unrepresentable: 'any' }),
  );
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    typeof field === 'object' ? { ...field, ...submissionNotes[name] } : field,
  ]);
  return { ...rest, properties: Object.fromEntries(fields) };
}

function withoutIdentity(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return rest;
}

function referTo(name: string): string {
  return `#/components/schemas/${name}`;
}
