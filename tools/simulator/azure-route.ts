/** Operations that cost quota; the deployment is null where the body names it. */
export type BilledOperation = { kind: 'chat' | 'embeddings' | 'responses'; deployment: string | null };

/** Operations that cost nothing. */
export type FreeOperation =
  | { kind: 'models' }
  | { kind: 'stored-response' | 'cancel-response' | 'delete-response'; responseId: string };

/** The operations the simulator answers. */
export type AzureOperation = BilledOperation | FreeOperation;

/** An address understood: the regional resource's name (null on a port of its own) and the operation. */
export type AzureRoute = { region: string | null; operation: AzureOperation };

/**
 * Understands `/<region>/openai/v1/…` and the dated `/<region>/openai/deployments/<name>/…?api-version=` and
 * `/<region>/openai/responses?api-version=`. Null is Azure's "Resource not found": unknown path, wrong method, no api-version.
 */
export function parseAzureRoute(method: string, path: string, query: URLSearchParams): AzureRoute | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  const start = segments.indexOf('openai');
  if (start !== 0 && start !== 1) return null;
  const region = start === 1 ? (segments[0] ?? null) : null;
  const rest = segments.slice(start + 1);
  const isDated = rest[0] !== 'v1';
  if (isDated && !query.get('api-version')) return null;
  const operation = isDated ? parseDated(method, rest) : parseVersioned(method, rest.slice(1));
  return operation ? { region, operation } : null;
}

function parseDated(method: string, rest: string[]): AzureOperation | null {
  if (rest[0] !== 'deployments') return parseVersioned(method, rest);
  const deployment = rest[1];
  if (method !== 'POST' || deployment === undefined) return null;
  const action = rest.slice(2).join('/');
  if (action === 'chat/completions') return { kind: 'chat', deployment: decodeName(deployment) };
  if (action === 'embeddings') return { kind: 'embeddings', deployment: decodeName(deployment) };
  return null;
}

function parseVersioned(method: string, rest: string[]): AzureOperation | null {
  const action = rest.join('/');
  if (method === 'POST') {
    if (action === 'chat/completions') return { kind: 'chat', deployment: null };
    if (action === 'embeddings') return { kind: 'embeddings', deployment: null };
    if (action === 'responses') return { kind: 'responses', deployment: null };
  }
  if (method === 'GET' && action === 'models') return { kind: 'models' };
  const [collection, responseId, verb] = rest;
  if (collection !== 'responses' || responseId === undefined) return null;
  if (method === 'GET' && rest.length === 2) return { kind: 'stored-response', responseId };
  if (method === 'DELETE' && rest.length === 2) return { kind: 'delete-response', responseId };
  if (method === 'POST' && verb === 'cancel' && rest.length === 3) return { kind: 'cancel-response', responseId };
  return null;
}

// A broken escape names nothing that exists.
function decodeName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
