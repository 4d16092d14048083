import type { JsonObject } from './json-value.ts';

/** A response kept for `GET /responses/{id}`: its finished body, when it is ready, and whether it was cancelled. */
export type StoredResponse = {
  resource: string;
  body: JsonObject;
  promptText: string;
  isBackground: boolean;
  startsAtMs: number;
  readyAtMs: number;
  isCancelled: boolean;
};

/** The responses kept, by id; the oldest make room. */
export type StoredResponses = Map<string, StoredResponse>;

const MOST_RESPONSES = 1000;

/** Keeps a response; beyond 1,000 the oldest is forgotten. */
export function storeResponse(responses: StoredResponses, id: string, response: StoredResponse): void {
  responses.set(id, response);
  for (const oldest of responses.keys()) {
    if (responses.size <= MOST_RESPONSES) break;
    responses.delete(oldest);
  }
}

/** The body that a poll at `nowMs` sees: queued, in progress, cancelled, or the finished one. */
export function readStoredResponse(stored: StoredResponse, nowMs: number): JsonObject {
  const unfinished = { ...stored.body, output: [], usage: null, incomplete_details: null };
  if (stored.isCancelled) return { ...unfinished, status: 'cancelled' };
  if (nowMs >= stored.readyAtMs) return stored.body;
  return { ...unfinished, status: nowMs < stored.startsAtMs ? 'queued' : 'in_progress' };
}
