import type { Booking } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import type { Job } from '../jobs/job.ts';
import { findFallback } from '../routing/find-fallback.ts';
import type { Ports } from './ports.ts';

/**
 * Books on the team's fallback model, if it has one with room now. The job then leaves the line of its own model: `ticket` is its
 * place there. Null when the job had better wait.
 */
export async function bookFallback(ports: Ports, job: Job, ticket: Ticket | null): Promise<Booking | null> {
  const pool = findFallback(ports.config.current(), job);
  if (pool === null) return null;
  const { id: jobId, team, lane, estimate, deadlineAtMs } = job;
  const asked = { jobId, team, model: pool.model, lane, estimate };
  const result = await ports.capacity.book({ ...asked, deadlineAtMs, ticket: null, exclude: [], urgent: true });
  if (result.outcome === 'booked') {
    if (ticket !== null) ports.capacity.leave({ ...asked, model: job.model, ticket });
    return result.booking;
  }
  if (result.outcome === 'wait' && result.ticket !== null) ports.capacity.leave({ ...asked, ticket: result.ticket });
  return null;
}
