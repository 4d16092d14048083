import type { TerminalStatus } from './job.ts';

/** A step in a job's life, told by `GET /jobs/{id}/events`. Never holds content. */
export type TrailEvent = { readonly atMs: number } & (
  | { readonly type: 'accepted' }
  | { readonly type: 'deferred'; readonly reason: string; readonly untilMs: number }
  | {
      readonly type: 'claimed';
      readonly attempt: number;
      readonly deployment: string;
      /** The team's fallback model; absent for the model that was asked for. */
      readonly model?: string;
      readonly why: string;
    }
  | {
      readonly type: 'attempt';
      readonly attempt: number;
      readonly deployment: string;
      readonly region: string;
      readonly model?: string;
      readonly statusCode: number | null;
      readonly latencyMs: number;
      readonly outcome: string;
      readonly reason: string | null;
    }
  | { readonly type: 'rescued'; readonly attempt: number; readonly reason: string }
  | { readonly type: 'rerun'; readonly reason: 'cap'; readonly outputCap: number }
  | { readonly type: 'resent' }
  | { readonly type: 'cancel_requested' }
  | { readonly type: TerminalStatus; readonly reason: string | null }
);

/** Longest trail that is kept. */
export const trailLimit = 50;

/** Appends an event; past the limit the oldest but the very first (acceptance) give way. */
export function appendTrail(trail: readonly TrailEvent[], ...events: readonly TrailEvent[]): readonly TrailEvent[] {
  const all = [...trail, ...events];
  const first = all[0];
  if (all.length <= trailLimit || first === undefined) return all;
  return [first, ...all.slice(all.length - trailLimit + 1)];
}
