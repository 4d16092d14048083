import type { Booking, BookingRequest } from '../../../../src/core/capacity/capacity.ts';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import type { PoolLimits } from '../../../../src/core/capacity/pool-limits.ts';
import { decodePool, encodePool } from '../../../../src/core/capacity/pool-rows.ts';
import type { PoolState } from '../../../../src/core/capacity/pool-state.ts';
import { batch } from './sample-pool.ts';

/** A job with the time of its next wake-up. */
export interface Waiting {
  request: BookingRequest;
  dueMs: number;
}

/** One moment of workers that ask again when they were told to. Who is booked or refused waits no longer; the others' wake-ups are changed in place. */
export function wakeDue(
  state: PoolState,
  waiting: readonly Waiting[],
  { limits, nowMs }: { readonly limits: PoolLimits; readonly nowMs: number },
): {
  readonly state: PoolState;
  readonly waiting: readonly Waiting[];
  readonly booked: readonly { readonly jobId: string; readonly booking: Booking }[];
} {
  const due = waiting.filter(({ dueMs }) => dueMs <= nowMs);
  if (due.length === 0) return { state, waiting, booked: [] };
  const decision = decideBookings(batch({ state, limits, nowMs, requests: due.map(({ request }) => request) }));
  const answered = new Set<Waiting>();
  const booked: { jobId: string; booking: Booking }[] = [];
  for (const [index, job] of due.entries()) {
    const result = decision.results[index];
    if (result?.outcome === 'wait') {
      job.request = { ...job.request, ticket: result.ticket };
      job.dueMs = Math.max(result.untilMs, nowMs + 250);
    } else answered.add(job);
    if (result?.outcome === 'booked') booked.push({ jobId: job.request.jobId, booking: result.booking });
  }
  return { state: decision.state, waiting: waiting.filter((job) => !answered.has(job)), booked };
}

/** The pool as the next process reads it after somebody has changed one of its rows. */
export function readDamaged(
  state: PoolState,
  damage: { readonly key: string; readonly text: string },
  at: Parameters<typeof decodePool>[1],
): PoolState {
  const rows = [...encodePool(state)].map(([key, text]) => ({ key, text, version: '1' }));
  const damaged = rows.map((row) => (row.key === damage.key ? { ...row, text: damage.text } : row));
  return decodePool(damaged, at).state;
}
