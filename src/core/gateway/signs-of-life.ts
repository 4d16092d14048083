/** Between two questions of one process to one deployment: long texts for everybody must not become probes for everybody. */
const quietMs = 10_000;
/** A question that found no place is asked again after this. */
const unsentMs = 1000;

/** What this process has lately heard from each deployment, and when it may ask one for a sign of life. */
export class SignsOfLife {
  readonly #heardMs = new Map<string, number>();
  readonly #nextAskAtMs = new Map<string, number>();

  /** Notes that a call that was sent then has been answered, with whatever it was. */
  hear(model: string, deployment: string, sentAtMs: number): void {
    const key = keyOf(model, deployment);
    this.#heardMs.set(key, Math.max(sentAtMs, this.#heardMs.get(key) ?? 0));
  }

  /** Whether a call that was sent after `sentAtMs` has been answered. */
  hasHeard(model: string, deployment: string, sentAtMs: number): boolean {
    return (this.#heardMs.get(keyOf(model, deployment)) ?? 0) > sentAtMs;
  }

  /** When the deployment may be asked. `nowMs` is now, and counts as asking. */
  ask(model: string, deployment: string, nowMs: number): number {
    const key = keyOf(model, deployment);
    const nextMs = this.#nextAskAtMs.get(key) ?? nowMs;
    if (nextMs > nowMs) return nextMs;
    this.#nextAskAtMs.set(key, nowMs + quietMs);
    return nowMs;
  }

  /** The question was not sent: when it may be asked again. */
  giveBack(model: string, deployment: string, nowMs: number): number {
    this.#nextAskAtMs.set(keyOf(model, deployment), nowMs + unsentMs);
    return nowMs + unsentMs;
  }
}

function keyOf(model: string, deployment: string): string {
  return `${model}/${deployment}`;
}
