import type { Job } from './job.ts';
import type { LiveJob } from './live-job.ts';

/** What stands for the model of a job of which only the id is left. */
export const unknownModel = 'unknown';
/** Fingerprint of a request that nobody knows any more: no repetition of it can be told from another request. */
export const unknownFingerprint = '';

/**
 * A job's row from what its live row, or its id alone, still tells. Request, key and metadata are lost; the hold is the live row's
 * copy of it, 0 in rows of before.
 */
export function rebuildJob(
  of: { readonly team: string; readonly id: string },
  live: LiveJob | null,
  at: { readonly createdAtMs: number; readonly budgetPeriod: string },
): Job {
  const { team, id } = of;
  const { createdAtMs } = at;
  return {
    id,
    team,
    endpoint: '/v1/chat/completions',
    model: live?.model ?? unknownModel,
    lane: live?.lane ?? 'standard',
    createdAtMs,
    deadlineAtMs: live?.deadlineAtMs ?? createdAtMs,
    metadata: {},
    fingerprint: unknownFingerprint,
    idempotencyKeySha256: null,
    request: { kind: 'inline', text: '{}' },
    estimate: { inputTokens: 0, outputTokens: 0, promptCharacters: 0, imposedOutputCap: null },
    estimateNanoUsd: 0,
    holdNanoUsd: live?.hold?.nanoUsd ?? 0,
    budgetPeriod: live?.hold?.period ?? at.budgetPeriod,
    traceparent: '',
    end: null,
  };
}
