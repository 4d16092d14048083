import { describe, expect, it } from 'vitest';
import { checkServiceState } from '../../../../src/core/http/check-service-state.ts';
import { parseJobSubmission } from '../../../../src/core/http/parse-job-submission.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };
const responses = { model: 'm', input: 'hello' };
const paths = (endpoint: Parameters<typeof checkServiceState>[0], body: Record<string, unknown>) =>
  checkServiceState(endpoint, body).map(({ path }) => path);

describe('checkServiceState', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a stored response', { ...responses, previous_response_id: 'resp_1' }, 'body.previous_response_id'],
    ['a stored conversation', { ...responses, conversation: { id: 'conv_1' } }, 'body.conversation'],
    ['a stored prompt', { ...responses, prompt: { id: 'pmpt_1' } }, 'body.prompt'],
    ['a stored item', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'body.input[0]'],
    [
      'a stored file',
      { input: [{ role: 'user', content: [{ type: 'input_text' }, { type: 'input_file', file_id: 'file-1' }] }] },
      'body.input[0].content[1].file_id',
    ],
    ['a vector store', { tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }, 'body.tools[0].type'],
    ['a container', { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }, 'body.tools[0].type'],
    ['a server to call', { tools: [{ type: 'mcp', server_url: 'http://169.254.169.254' }] }, 'body.tools[0].type'],
    ['a web search', { tools: [{ type: 'function' }, { type: 'web_search' }] }, 'body.tools[1].type'],
    ['a dearer tier', { ...responses, service_tier: 'priority' }, 'body.service_tier'],
  ])('refuses %s in a responses request', (_what, body, path) => {
    expect(paths('/v1/responses', body)).toEqual([path]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a source of its own', { ...chat, data_sources: [{ type: 'azure_search' }] }, 'body.data_sources'],
    ['a web search', { ...chat, web_search_options: {} }, 'body.web_search_options'],
    [
      'a stored file',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      'body.messages[0].content[0].file.file_id',
    ],
  ])('refuses %s in a chat request', (_what, body, path) => {
    expect(paths('/v1/chat/completions', body)).toEqual([path]);
  });

  it.each<[Parameters<typeof checkServiceState>[0], Record<string, unknown>]>([
    ['/v1/chat/completions', { ...chat, tools: [{ type: 'function', function: { name: 'f' } }], service_tier: 'auto' }],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'x' } }] }] }],
    ['/v1/responses', { ...responses, previous_response_id: null, tools: [{ type: 'custom' }] }],
    ['/v1/responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_data: 'x' }] }, 7, null] }],
    ['/v1/embeddings', { model: 'm', input: 'conversation' }],
  ])('leaves alone what the caller sends itself (%s)', (endpoint, body) => {
    expect(paths(endpoint, body)).toEqual([]);
  });

  it('names the first few of many thousands', () => {
    const input = Array.from({ length: 50_000 }, () => ({ type: 'item_reference' }));
    expect(checkServiceState('/v1/responses', { input })).toHaveLength(20);
  });

  it('stands in the way of every job', () => {
    const job = { endpoint: '/v1/responses', body: { ...responses, previous_response_id: 'resp_1' } };
    const bytes = new TextEncoder().encode(JSON.stringify(job));
    const limits = { maxBodyBytes: 10_000, maxOutputTokens: 100 };
    const reading = parseJobSubmission({ bytes, idempotencyKey: null, prefer: null }, limits);
    expect(reading).toMatchObject({ outcome: 'refused', error: { param: 'body.previous_response_id', status: 400 } });
  });
});
