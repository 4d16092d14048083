import type { Endpoint } from '../jobs/job.ts';

/**
 * The operations that a pool serves when its configuration does not say: embeddings alone where its model or price names an embedding
 * model, otherwise chat and responses.
 */
export function usualEndpoints({ model, price }: { readonly model: string; readonly price: string }): Endpoint[] {
  const makesVectors = /embed/i.test(model) || /embed/i.test(price);
  return makesVectors ? ['/v1/embeddings'] : ['/v1/chat/completions', '/v1/responses'];
}
