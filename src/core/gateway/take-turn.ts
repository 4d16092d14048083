import type { Booking, TooLarge, WaitReason } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import { findPool } from '../config/find-deployment.ts';
import type { Job } from '../jobs/job.ts';
import { bookFallback } from './book-fallback.ts';
import type { Ports } from './ports.ts';

/** A booking whose time has come, or why the job does not go now. */
export type Turn =
  | { readonly outcome: 'booked'; readonly booking: Booking; readonly ticket: Ticket | null }
  | {
      readonly outcome: 'park';
      readonly untilMs: number;
      readonly ticket: Ticket | null;
      readonly reason: WaitReason | 'drain' | 'storage' | 'no_pool';
    }
  | ({ readonly outcome: 'never' } & TooLarge)
  | { readonly outcome: 'deadline'; readonly ticket: Ticket | null }
  /** The claim under which the job waited was cancelled or lost. */
  | { readonly outcome: 'cut' };

/** A wait up to this long is spent in the process; a longer one is parked and keeps no worker. */
const nearMs = 2000;
/** A job never sits in a worker longer than this for its turn, however near each estimate was. */
const longestSitMs = 10_000;
/** A job whose pool was taken out of the configuration looks again after this: it may be a mistake that is mended. */
const noPoolMs = 30_000;

/** Books and waits for the send time, near in the process, far by parking. Waiting never throws; `signal` ends it. */
export async function takeTurn(
  ports: Ports,
  job: Job,
  want: {
    ticket: Ticket | null;
    exclude: readonly string[];
    urgent: boolean;
    mayProbe: boolean;
    mayFallBack: boolean;
    signal: AbortSignal;
  },
): Promise<Turn> {
  const startedAtMs = ports.clock.now();
  const waits = AbortSignal.any([ports.drain.waits, want.signal]);
  let ticket = want.ticket;
  for (;;) {
    if (want.signal.aborted) return { outcome: 'cut' };
    if (ports.drain.isDraining) return { outcome: 'park', untilMs: ports.clock.now(), ticket, reason: 'drain' };
    if (ports.clock.now() >= job.deadlineAtMs) return { outcome: 'deadline', ticket };
    const { team, model, lane, estimate, deadlineAtMs } = job;
    if (findPool(ports.config.current(), model) === null) {
      return { outcome: 'park', untilMs: ports.clock.now() + noPoolMs, ticket, reason: 'no_pool' };
    }
    const result = await ports.capacity.book({
      jobId: job.id,
      team,
      model,
      lane,
      estimate,
      deadlineAtMs,
      ticket,
      exclude: want.exclude,
      urgent: want.urgent || lane === 'interactive',
      claimMs: ports.claimPace.leadMs,
      mayProbe: want.mayProbe,
    });
    if (result.outcome === 'never') return result;
    ticket = result.ticket;
    if (result.outcome === 'booked') {
      if (await isReady(ports, result.booking, job, waits)) return result;
      continue;
    }
    if (result.reason === 'breaker' && want.mayFallBack) {
      const booking = await bookFallback(ports, job, ticket);
      if (booking !== null) ticket = null;
      if (booking !== null && (await isReady(ports, booking, job, waits)))
        return { outcome: 'booked', booking, ticket };
      if (booking !== null) continue;
    }
    const now = ports.clock.now();
    const waitMs = result.untilMs - now;
    if (waitMs > nearMs || now - startedAtMs > longestSitMs) {
      return { outcome: 'park', untilMs: result.untilMs, ticket, reason: result.reason };
    }
    await ports.clock.sleep(Math.max(waitMs, 5), waits);
  }
}

/** Waits until shortly before a booking's send time; false when it can no longer be used, and was given back. */
async function isReady(ports: Ports, booking: Booking, job: Job, waits: AbortSignal): Promise<boolean> {
  const { sendAtMs } = booking;
  // Past its deadline nothing is sent: a booking there is waited for until then and given back.
  const readyAtMs = Math.min(sendAtMs - ports.claimPace.leadMs, job.deadlineAtMs);
  await ports.clock.sleep(readyAtMs - ports.clock.now(), waits);
  if (!waits.aborted && sendAtMs < job.deadlineAtMs && !isLate(ports, booking)) return true;
  ports.capacity.release(booking);
  return false;
}

/** Whether a booking's send time has passed by more than the limiter's slices bear. */
export function isLate(ports: Ports, booking: Booking): boolean {
  return ports.clock.now() - booking.sendAtMs > booking.mostDelayMs;
}
