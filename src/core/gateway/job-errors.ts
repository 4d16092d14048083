import type { TooLarge } from '../capacity/capacity.ts';
import type { JobError } from '../jobs/job.ts';

/** The request's stored body is gone or was changed. */
export const contentMissing: JobError = {
  type: 'server_error',
  code: 'content_missing',
  message: "The job's stored request is missing or damaged; it was not sent. Submit it again.",
};

/** Rows of the job were deleted or edited by something other than Weir. */
export const recordDamaged: JobError = {
  type: 'server_error',
  code: 'record_damaged',
  message:
    "The job's record in storage was deleted or damaged from outside, so the job was given up; a call that was under way may have been billed. Submit it again with a new Idempotency-Key, and tell your platform team.",
};

/** A call that was paid for brought no answer, and the team's hard budget has no room for another. */
export const budgetSpent: JobError = {
  type: 'insufficient_quota',
  code: 'budget_exceeded',
  message:
    'A call without an answer may have been billed, and the hard budget has no room for another one. Ask your platform team to raise it, or wait for the next month.',
};

/** Accepted, and larger than a whole minute's limit since that was lowered. */
export function exceedsQuota({ limitTokens, limitOf, neededTokens }: TooLarge): JobError {
  const whose =
    limitOf === 'team' ? 'your team may send' : 'the largest deployment of its model that its lane may use allows';
  return {
    type: 'invalid_request_error',
    code: 'request_too_large',
    message: `The request needs ${neededTokens} tokens of quota at once; ${whose} ${limitTokens} per minute. Shorten the prompt or lower the output cap.`,
  };
}
