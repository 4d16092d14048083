import type { TelemetryEvent } from '../../telemetry/telemetry.ts';

/** A finished upstream call as a client span (OpenTelemetry's names; the GenAI ones are still in development). */
export interface Dependency {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly hasFailed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

const operations: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'chat',
  '/v1/embeddings': 'embeddings',
};

/** Turns an attempt into the dependency that the host cannot see. A 429 has not failed: it is a deferral. */
export function toDependency(event: Extract<TelemetryEvent, { type: 'attempt' }>): Dependency {
  const operation = operations[event.endpoint] ?? 'chat';
  return {
    name: `${operation} ${event.model}`,
    startedAtMs: event.atMs - event.latencyMs,
    endedAtMs: event.atMs,
    hasFailed: event.outcome !== 'succeeded' && event.outcome !== 'throttled',
    attributes: {
      'http.request.method': 'POST',
      'url.full': `https://${event.target}/openai${event.endpoint}`,
      'server.address': event.target,
      ...(event.statusCode === null ? {} : { 'http.response.status_code': event.statusCode }),
      ...(event.errorCode === null ? {} : { 'error.type': event.errorCode }),
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': 'azure.ai.openai',
      'gen_ai.request.model': event.model,
      'gen_ai.usage.input_tokens': event.usage.inputTokens,
      'gen_ai.usage.output_tokens': event.usage.outputTokens,
      'weir.team': event.team,
      'weir.job': event.jobId,
      'weir.attempt': event.attempt,
      'weir.deployment': event.deployment,
      'weir.region': event.region,
    },
  };
}
