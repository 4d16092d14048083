import type { Lane } from './job.ts';

/** A pointer to a job: the truth is the row. */
export interface WakeUp {
  readonly team: string;
  readonly job: string;
}

/** Port: wake-ups, at least once and in no order. */
export interface WakeQueue {
  /** Makes a wake-up visible after `delayMs` (0 = now, at most 7 days). */
  send(lane: Lane, wakeUp: WakeUp, delayMs: number): Promise<void>;
  /** Puts a message of a newer version back, unread, for a newer worker; the queue drops it when `leftMs` are over. */
  putBack(lane: Lane, text: string, life: { readonly delayMs: number; readonly leftMs: number }): Promise<void>;
  /** Messages waiting in the lane, visible or not, approximately. */
  count(lane: Lane): Promise<number>;
}
