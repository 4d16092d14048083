/** Between two questions of one process to one deployment: long texts for everybody must not become probes for everybody. */
const quietMs = 10_000;

/** What this process has lately heard from each deployment. */
export class SignsOfLife {
  readonly #heard = new Map<string, number>();
  readonly #asked = new Map<string, number>();

  /** Notes that a call that was sent then has been answered, with whatever it was. */
  hear(model: string, deployment: string, sentAtMs: number): void {
    const key = keyOf(model, deployment);
    this.#heard.set(key, Math.max(sentAtMs, this.#heard.get(key) ?? 0));
  }

  /** Whether the deployment is worth asking: nothing sent since `sentAtMs` was answered, and nobody here asked a moment ago. Counts as asking. */
  ask(model: string, deployment: string, sentAtMs: number, nowMs: number): boolean {
    const key = keyOf(model, deployment);
    if ((this.#heard.get(key) ?? 0) > sentAtMs) return false;
    if (nowMs - (this.#asked.get(key) ?? Number.NEGATIVE_INFINITY) < quietMs) return false;
    this.#asked.set(key, nowMs);
    return true;
  }
}

function keyOf(model: string, deployment: string): string {
  return `${model}/${deployment}`;
}
