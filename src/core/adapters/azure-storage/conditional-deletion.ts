import type { TableServiceClientOptions } from '@azure/data-tables';

type PipelinePolicy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number]['policy'];

/** Column of an `update` action that asks for the row to be deleted under the action's ETag instead. */
export const deletionMarker = 'weirDelete';

const markedEnd = `,"${deletionMarker}":true}`;

/**
 * Turns the marked updates of a batch body into deletions that keep their `If-Match`.
 * `@azure/data-tables` 13 deletes inside a transaction under `*` only, whoever changed the row since it was read.
 */
export function rewriteDeletions(body: string): string {
  if (!body.includes(markedEnd)) return body;
  const lines = body.split('\r\n');
  let requestLine = -1;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('PATCH ')) requestLine = index;
    // Inside a JSON string the quotes of the marker would be escaped: only a row that carries it as a column ends like this.
    if (!line.startsWith('{') || !line.endsWith(markedEnd)) continue;
    const request = lines[requestLine];
    if (request === undefined) throw new Error('A deletion was marked on something that is not a merge.');
    lines[requestLine] = `DELETE ${request.slice('PATCH '.length)}`;
    lines[index] = '';
  }
  return lines.join('\r\n');
}

/** Applies rewriteDeletions to transactions on their way out. */
export const conditionalDeletionPolicy: PipelinePolicy = {
  name: 'weirConditionalDeletion',
  sendRequest(request, next) {
    if (request.url.includes('$batch') && typeof request.body === 'string') {
      request.body = rewriteDeletions(request.body);
      // The SDK has counted the original body already; a wrong length would hang until the timeout.
      request.headers.set('Content-Length', String(Buffer.byteLength(request.body, 'utf8')));
    }
    return next(request);
  },
};
