import { z } from 'zod';
import { usageDimensions } from '../../cost/summarise-usage.ts';
import {
  budgetSchema,
  deploymentListSchema,
  healthSchema,
  metricsSummarySchema,
  queueListSchema,
  usageListSchema,
} from './figure-schemas.ts';
import type { Operation } from './operation.ts';

const moment = z.string().optional();
const ofMoment = 'A date (2026-11-01, midnight UTC), a time with its zone (2026-11-01T08:00:00Z) or Unix seconds.';

/** The routes of figures and of the service itself. */
export const figureOperations: readonly Operation[] = [
  {
    id: 'readUsage',
    method: 'get',
    path: '/usage',
    tag: 'figures',
    summary: 'Tokens and money, summed by group or call by call',
    description: 'A team sees itself, an operator every team. Without `group_by`: calls, newest first, 1,000 a page.',
    parameters: [
      { name: 'from', in: 'query', description: `${ofMoment} Default: 30 days before \`to\`.`, schema: moment },
      { name: 'to', in: 'query', description: `${ofMoment} Default: now.`, schema: moment },
      {
        name: 'group_by',
        in: 'query',
        description: `Separated by commas: ${usageDimensions.join(', ')}.`,
        schema: z.string().optional(),
      },
      { name: 'after', in: 'query', description: '`last_id` of the page before.', schema: z.string().optional() },
    ],
    answers: [{ status: 200, description: 'Sums by group, or one row per call.', schema: usageListSchema }],
    refusals: ['invalid_request'],
  },
  {
    id: 'readMetrics',
    method: 'get',
    path: '/metrics/summary',
    tag: 'figures',
    summary: 'Success rate, latency and errors of the newest calls',
    description: 'A team sees itself, an operator every team.',
    parameters: [
      {
        name: 'last',
        in: 'query',
        description: 'How many calls to look at.',
        schema: z.int().min(1).max(1000).default(100),
      },
    ],
    answers: [
      {
        status: 200,
        description: 'The figures; rates and times are null without calls.',
        schema: metricsSummarySchema,
      },
    ],
    refusals: ['invalid_request'],
  },
  {
    id: 'readBudget',
    method: 'get',
    path: '/budgets/{team}',
    tag: 'figures',
    summary: "What is spent, held and left of a team's month",
    parameters: [{ name: 'team', in: 'path', description: 'Its id; for operators, any team.', schema: z.string() }],
    answers: [{ status: 200, description: 'The running month.', schema: budgetSchema }],
    refusals: ['not_found'],
  },
  {
    id: 'readQueues',
    method: 'get',
    path: '/queues',
    tag: 'figures',
    summary: 'How much waits in each lane, for how long, and what quota is left',
    parameters: [],
    answers: [{ status: 200, description: 'One row per lane.', schema: queueListSchema }],
    refusals: [],
  },
  {
    id: 'readDeployments',
    method: 'get',
    path: '/deployments',
    tag: 'figures',
    summary: 'Health, load and what is left of every deployment',
    description: 'A team sees the deployments of the models it may use, an operator all.',
    parameters: [],
    answers: [{ status: 200, description: 'One row per deployment.', schema: deploymentListSchema }],
    refusals: [],
  },
  {
    id: 'health',
    method: 'get',
    path: '/health',
    tag: 'service',
    summary: 'Whether this process can accept work',
    isAnonymous: true,
    parameters: [],
    answers: [
      { status: 200, description: 'It can.', schema: healthSchema },
      { status: 503, description: 'It cannot.', schema: healthSchema },
    ],
    refusals: [],
  },
  {
    id: 'readOpenApi',
    method: 'get',
    path: '/openapi.json',
    tag: 'service',
    summary: 'This document',
    isAnonymous: true,
    parameters: [],
    answers: [{ status: 200, description: 'OpenAPI 3.1.', schema: null }],
    refusals: [],
  },
];
