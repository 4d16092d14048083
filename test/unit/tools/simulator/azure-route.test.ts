import { describe, expect, it } from 'vitest';
import { parseAzureRoute } from '../../../../tools/simulator/azure-route.ts';

const route = (method: string, url: string) => {
  const { pathname, searchParams } = new URL(url, 'http://simulator');
  return parseAzureRoute(method, pathname, searchParams);
};

describe('an address', () => {
  it.each([
    ['POST', '/eastus/openai/v1/chat/completions', { kind: 'chat', deployment: null }],
    ['POST', '/eastus/openai/v1/embeddings', { kind: 'embeddings', deployment: null }],
    ['POST', '/eastus/openai/v1/responses', { kind: 'responses', deployment: null }],
    ['POST', '/eastus/openai/responses?api-version=x', { kind: 'responses', deployment: null }],
    ['POST', '/eastus/openai/deployments/my-4o/chat/completions?api-version=x', { kind: 'chat', deployment: 'my-4o' }],
    ['POST', '/eastus/openai/deployments/e/embeddings?api-version=x', { kind: 'embeddings', deployment: 'e' }],
    ['GET', '/eastus/openai/v1/models', { kind: 'models' }],
    ['GET', '/eastus/openai/v1/responses/resp_1', { kind: 'stored-response', responseId: 'resp_1' }],
    ['POST', '/eastus/openai/v1/responses/resp_1/cancel', { kind: 'cancel-response', responseId: 'resp_1' }],
    ['DELETE', '/eastus/openai/v1/responses/resp_1', { kind: 'delete-response', responseId: 'resp_1' }],
  ])('%s %s is understood', (method, url, operation) => {
    expect(route(method, url)).toEqual({ region: 'eastus', operation });
  });

  it('has no region on a port of its own', () => {
    expect(route('POST', '/openai/v1/embeddings')).toMatchObject({ region: null });
  });

  it.each([
    ['GET', '/eastus/openai/v1/chat/completions'],
    ['POST', '/eastus/openai/deployments/a/chat/completions'],
    ['POST', '/eastus/openai/responses'],
    ['POST', '/eastus/openai/v1/images'],
    ['POST', '/a/b/openai/v1/embeddings'],
    ['POST', '/'],
  ])('%s %s is not found', (method, url) => {
    expect(route(method, url)).toBeNull();
  });
});
