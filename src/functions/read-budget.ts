import { app } from '@azure/functions';
import { readBudget } from '../core/gateway/read-budget.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /budgets/{team}`: what is spent, held and left this month. */
export async function readBudgetRoute(call: ApiCall): Promise<ApiReply> {
  const body = await readBudget(call.application.ports, call.principal, call.param('team') ?? '');
  return { status: 200, body };
}

app.http('readBudget', {
  methods: ['GET'],
  route: 'budgets/{team}',
  authLevel: 'anonymous',
  handler: serve(readBudgetRoute),
});
