import { z } from 'zod';

export interface WeirRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** What came of one HTTP exchange. */
export type Reply =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Parsed JSON; null when the body is empty or none. */
      readonly body: unknown;
      readonly headers: Headers;
      /** By the caller's clock: when it was sent and when the whole answer was there. */
      readonly sentAtMs: number;
      readonly receivedAtMs: number;
    }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Makes one call with a team's key; never throws for what the network or the service does. */
export async function callWeir(baseUrl: string, key: string, request: WeirRequest, now: () => number): Promise<Reply> {
  const sentAtMs = now();
  try {
    const response = await fetch(`${baseUrl}${request.path}`, {
      method: request.method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { kind: 'answered', status, headers, body: parseJson(text), sentAtMs, receivedAtMs: now() };
  } catch (error) {
    return { kind: 'unreachable', reason: describeFailure(error) };
  }
}

const errorSchema = z.object({ error: z.object({ code: z.string().nullable(), message: z.string() }) });

/** Code and message of an error body in OpenAI's shape; null when it is not one, as from a host without its app. */
export function readError(body: unknown): { readonly code: string | null; readonly message: string } | null {
  return errorSchema.safeParse(body).data?.error ?? null;
}

/** How long the service asks to stay away, in ms: `retry-after-ms`, else `Retry-After` in seconds; null when it says neither. */
export function readRetryAfterMs(headers: Headers): number | null {
  const [exact, coarse] = [headers.get('retry-after-ms'), headers.get('retry-after')];
  if (exact !== null && /^\d+$/.test(exact)) return Number(exact);
  return coarse !== null && /^\d+$/.test(coarse) ? Number(coarse) * 1000 : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
