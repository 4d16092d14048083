import type { TableServiceClientOptions } from '@azure/data-tables';

type PipelinePolicy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number]['policy'];

/** What one answer tells about storage time: its `Date` (whole seconds, truncated) and when it was asked for and had, locally. */
export interface ObservedDate {
  readonly dateMs: number;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

export type ObserveDate = (observed: ObservedDate) => void;

/** A pipeline policy that reports the `Date` header of every answer; answers without a readable one are passed over. */
export function observeDatePolicy(observe: ObserveDate): PipelinePolicy {
  return {
    name: 'weirObserveDate',
    async sendRequest(request, next) {
      const sentAtMs = Date.now();
      const response = await next(request);
      const dateMs = Date.parse(response.headers.get('date') ?? '');
      if (Number.isFinite(dateMs)) observe({ dateMs, sentAtMs, receivedAtMs: Date.now() });
      return response;
    },
  };
}
