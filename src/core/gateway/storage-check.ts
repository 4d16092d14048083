import type { Clock } from '../clock.ts';

/** How long a verdict is repeated to whoever asks. */
export const verdictFreshMs = 2000;

/**
 * Whether storage answers, asked at most once in two seconds and by one question at a time however many want to know:
 * `GET /health` is open to strangers, and none of them may drive storage.
 */
export class StorageCheck {
  readonly #ask: () => Promise<unknown>;
  readonly #clock: Pick<Clock, 'now'>;
  #last: { readonly isAnswering: boolean; readonly atMs: number } | null = null;
  #asking: Promise<boolean> | null = null;

  /** `ask` reads something small; that it rejects means that storage does not answer. */
  constructor(ports: { ask: () => Promise<unknown>; clock: Pick<Clock, 'now'> }) {
    this.#ask = ports.ask;
    this.#clock = ports.clock;
  }

  /** The verdict of at most two seconds ago; never rejects. */
  async isAnswering(): Promise<boolean> {
    const now = this.#clock.now();
    const last = this.#last;
    // Storage time may be set back; a verdict of the future is none.
    if (last !== null && now >= last.atMs && now - last.atMs < verdictFreshMs) return last.isAnswering;
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #askNow(): Promise<boolean> {
    const isAnswering = await this.#ask().then(
      () => true,
      () => false,
    );
    this.#last = { isAnswering, atMs: this.#clock.now() };
    return isAnswering;
  }
}
