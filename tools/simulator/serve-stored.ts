import type { IncomingMessage } from 'node:http';
import { isAuthorized } from './authorize.ts';
import { deliverDenied } from './azure-errors.ts';
import type { FreeOperation } from './azure-route.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import { writeAnswerHeaders } from './exchange.ts';
import type { Simulation } from './simulation.ts';
import { readStoredResponse } from './stored-responses.ts';

/** Answers what costs no quota: the list of models, and reading, cancelling and deleting stored responses. */
export function serveStored(
  simulation: Simulation,
  request: IncomingMessage,
  resource: string,
  operation: FreeOperation,
): Delivery {
  const headers = writeAnswerHeaders(simulation, request, resource, simulation.nextRequest++);
  if (!isAuthorized(request.headers, simulation.key)) return deliverDenied(headers);
  if (operation.kind === 'models') return listModels(simulation, resource, headers);
  const stored = simulation.responses.get(operation.responseId);
  const nowMs = simulation.clock.now();
  if (!stored || stored.resource !== resource) {
    const message = `Response with id '${operation.responseId}' not found.`;
    return deliverJson(404, headers, {
      error: { message, type: 'invalid_request_error', param: 'response_id', code: null },
    });
  }
  switch (operation.kind) {
    case 'stored-response':
      return deliverJson(200, headers, readStoredResponse(stored, nowMs));
    case 'delete-response':
      simulation.responses.delete(operation.responseId);
      return deliverJson(200, headers, { id: operation.responseId, object: 'response', deleted: true });
    case 'cancel-response': {
      if (!stored.isBackground) {
        const message = 'Only responses created with background=true can be cancelled.';
        return deliverJson(400, headers, {
          error: { message, type: 'invalid_request_error', param: null, code: null },
        });
      }
      if (nowMs < stored.readyAtMs) stored.isCancelled = true;
      return deliverJson(200, headers, readStoredResponse(stored, nowMs));
    }
  }
}

function listModels(simulation: Simulation, resource: string, headers: { [name: string]: string }): Delivery {
  const deployments = [...(simulation.resources.get(resource)?.deployments.values() ?? [])];
  const created = Math.floor(simulation.startedAtMs / 1000);
  const data = deployments.map(({ spec }) => ({
    id: spec.deployment,
    object: 'model',
    created,
    owned_by: 'azure-openai',
  }));
  return deliverJson(200, headers, { object: 'list', data });
}
