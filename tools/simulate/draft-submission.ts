import type { Draws } from '../../bench/capacity/seeded.ts';
import type { JobSubmission } from '../../src/core/http/parse-job-submission.ts';
import { lanes } from '../../src/core/jobs/job.ts';
import { simulatedModel } from './make-config.ts';

/** One client's request: most have a key and an hour, some are long, some are in a hurry. */
export function draftSubmission(draws: Draws, number: number, capsAreLearnt: boolean): JobSubmission {
  const isLong = draws.next() < 0.1;
  const hurry = draws.next();
  const content = `question ${number} ${isLong ? 'long '.repeat(6200) : ''}`;
  return {
    endpoint: '/v1/chat/completions',
    body: {
      model: simulatedModel,
      messages: [{ role: 'user', content: isLong ? content.slice(0, 1000) : content }],
      ...(capsAreLearnt && draws.next() < 0.6 ? {} : { max_tokens: 100 + Math.floor(draws.next() * 100) }),
      // Carries weight without tokens, so that the request becomes a blob.
      ...(isLong ? { user: content } : {}),
    },
    model: simulatedModel,
    lane: lanes[Math.floor(draws.next() * lanes.length)] ?? 'standard',
    deadlineSeconds: hurry < 0.15 ? 1 + Math.floor(draws.next() * 10) : hurry < 0.3 ? 60 : 7200,
    metadata: draws.next() < 0.3 ? { project: 'simulation' } : {},
    idempotencyKey: draws.next() < 0.75 ? `key-${number}` : null,
    waitSeconds: draws.next() < 0.2 ? 5 : 0,
  };
}
