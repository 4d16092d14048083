import type { Lane } from '../../jobs/job.ts';
import type { WakeQueue, WakeUp } from '../../jobs/wake-queue.ts';
import { writeWakeUpMessage } from '../../jobs/wake-up-message.ts';
import type { MemoryMessage, MemoryState } from './memory-state.ts';

const longestDelayMs = 7 * 24 * 60 * 60 * 1000;

/** Wake-ups in memory; `now` is the queue service's clock. */
export class MemoryWakeQueue implements WakeQueue {
  readonly #state: MemoryState;
  readonly #now: () => number;

  constructor(state: MemoryState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async send(lane: Lane, wakeUp: WakeUp, delayMs: number): Promise<void> {
    await this.putBack(lane, writeWakeUpMessage(wakeUp), { delayMs });
  }

  async putBack(lane: Lane, text: string, { delayMs }: { delayMs: number }): Promise<void> {
    this.#state.writes += 1;
    const visibleAtMs = this.#now() + (delayMs > 0 ? Math.min(delayMs, longestDelayMs) : 0);
    this.#state.queues[lane].push({ id: this.#state.writes, text, visibleAtMs, dequeueCount: 0 });
  }

  async count(lane: Lane): Promise<number> {
    return this.#state.queues[lane].length;
  }

  /** What the host does: takes the visible message that waits longest, invisible to others for `visibilityMs`; null when there is none. */
  receive(lane: Lane, visibilityMs: number): Readonly<MemoryMessage> | null {
    const nowMs = this.#now();
    const visible = this.#state.queues[lane].filter((message) => message.visibleAtMs <= nowMs);
    visible.sort((left, right) => left.visibleAtMs - right.visibleAtMs || left.id - right.id);
    const message = visible[0];
    if (message === undefined) return null;
    message.visibleAtMs = nowMs + visibilityMs;
    message.dequeueCount += 1;
    return { ...message };
  }

  /** Removes a message; nothing happens when it is gone. */
  complete(lane: Lane, id: number): void {
    const messages = this.#state.queues[lane];
    const index = messages.findIndex((message) => message.id === id);
    if (index >= 0) messages.splice(index, 1);
  }
}
