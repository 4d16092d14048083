import { estimateAdmission } from '../capacity/admission-estimate.ts';
import type { PoolConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';

/** Refuses at the door what no deployment of the pool could ever take: its estimate is larger than a whole minute's limit. */
export function checkFits(pool: PoolConfig, job: Pick<Job, 'estimate'>): void {
  const needed = estimateAdmission(job.estimate);
  const largest = Math.max(...pool.deployments.map((deployment) => deployment.tokensPerMinute));
  if (needed <= largest) return;
  throw new WeirError(
    'invalid_request',
    `The request needs ${needed} tokens of quota at once (prompt estimate and output cap); the largest deployment of ` +
      `${pool.model} allows ${largest} per minute. Shorten the prompt, lower the output cap, or split the work.`,
    { param: 'body' },
  );
}
