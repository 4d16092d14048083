import type { Lane } from '../../jobs/job.ts';

/** Tables of the storage account (design §6). */
export const tableNames = { teams: 'teams', capacity: 'capacity', cache: 'cache' } as const;

/** The queue of each lane; the host adds `-poison` to the name for what it gives up on. */
export const queueNames: Readonly<Record<Lane, string>> = {
  interactive: 'jobs-interactive',
  standard: 'jobs-standard',
  bulk: 'jobs-bulk',
};

/** The blob container of request and result bodies. */
export const contentContainer = 'content';
