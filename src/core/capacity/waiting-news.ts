import { type PendingNews, takeNews } from './pending-news.ts';

/** News without a booking to ride on is committed after this. */
const PATIENCE_MS = 4000;
/** Bad news waits this long for the booking that follows it, so that a failover costs one commit. */
const URGENT_PATIENCE_MS = 5;
/** After a flush that failed urgent news waits this long, then twice as long each time, up to the patience of all news. */
const FIRST_RETRY_MS = 250;
/** News kept while the store is away; the oldest is forgotten first: what is not released passes within a minute. */
const MOST = 5000;

/** A process's news of one pool on its way into the row, oldest first. Says when it is worth a commit of its own. */
export class WaitingNews {
  #items: PendingNews[] = [];
  #sinceMs = 0;
  #isUrgent = false;
  /** Urgent news does not go before. */
  #urgentAtMs = 0;
  #retryMs = FIRST_RETRY_MS;

  add(item: PendingNews, now: number): void {
    if (this.#items.length === 0) this.#sinceMs = now;
    this.#items.push(item);
    if (this.#items.length > MOST) this.#items.shift();
    if (!item.isUrgent || this.#isUrgent) return;
    this.#isUrgent = true;
    this.#urgentAtMs = now + URGENT_PATIENCE_MS;
  }

  /** Takes out what the next commit can carry beside what it carries already. */
  take(carried: readonly PendingNews[]): readonly PendingNews[] {
    const { taken, left } = takeNews(carried, this.#items);
    this.#setItems(left);
    return taken;
  }

  /** A flush came through: the next that fails is the first again. */
  markTold(): void {
    this.#retryMs = FIRST_RETRY_MS;
  }

  /** Takes back, before what came since, what a flush that failed had to tell. Urgent news stays urgent, and is tried less and less often. */
  putBack(items: readonly PendingNews[], now: number): void {
    if (this.#items.length === 0) this.#sinceMs = now;
    this.#setItems([...items, ...this.#items].slice(-MOST));
    this.#urgentAtMs = now + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, PATIENCE_MS);
  }

  /** When news alone is worth a commit, given when urgent ones and others may go at the earliest; Infinity when there is none. */
  nextAtMs(quickMs: number, calmMs: number): number {
    if (this.#items.length === 0) return Number.POSITIVE_INFINITY;
    const calmAtMs = Math.max(calmMs, this.#sinceMs + PATIENCE_MS);
    return this.#isUrgent ? Math.min(calmAtMs, Math.max(quickMs, this.#urgentAtMs)) : calmAtMs;
  }

  #setItems(items: readonly PendingNews[]): void {
    this.#items = [...items];
    this.#isUrgent = items.some(({ isUrgent }) => isUrgent);
  }
}
