/** Wakes long polls of this process when a job of this process ends; others find out by looking. */
export class JobSignals {
  readonly #waiters = new Map<string, Set<() => void>>();

  /** Calls `wake` once when the job ends here; returns how to stop listening. */
  listen(jobId: string, wake: () => void): () => void {
    const waiters = this.#waiters.get(jobId) ?? new Set();
    waiters.add(wake);
    this.#waiters.set(jobId, waiters);
    return () => {
      waiters.delete(wake);
      if (waiters.size === 0) this.#waiters.delete(jobId);
    };
  }

  announceEnd(jobId: string): void {
    for (const wake of [...(this.#waiters.get(jobId) ?? [])]) wake();
  }
}
