/** What can go wrong in a run, as the report names it. */
export const faultNames = [
  'storage call fails before it applies',
  'storage call fails after it applied',
  'storage write applies after its failure',
  'storage answers slowly',
  'storage outage',
  'message delivered twice',
  'message lost',
  'message garbled',
  'process killed before a storage call',
  'process killed after a storage call',
  'process killed before or in an upstream call',
  'process killed at a random moment',
  'process drained',
  'process frozen',
  'clock jumped',
  'sweep overlapped',
  'upstream 429',
  'upstream 500',
  'upstream refuses the content',
  'upstream connection refused',
  'upstream connection reset after sending',
  'upstream hangs until the timeout',
  'upstream answers nonsense',
  'upstream answer cut by the cap',
  'configuration changed',
  'row deleted by hand',
  'row damaged by hand',
  'blob deleted by hand',
] as const;
export type FaultName = (typeof faultNames)[number];

/** One broken promise: what, and the step at which it was seen. */
export interface Violation {
  readonly step: number;
  readonly atMs: number;
  readonly what: string;
}

/**
 * The history of a run: numbered steps, folded into a hash that tells whether two runs were the same, faults counted by name,
 * and the first broken promise.
 */
export class Trace {
  readonly injected = new Map<FaultName, number>();
  readonly #nowMs: () => number;
  readonly #print: ((line: string) => void) | null;
  readonly #startMs: number;
  #step = 0;
  #hash = 0x811c9dc5;
  #violation: Violation | null = null;

  constructor(nowMs: () => number, print: ((line: string) => void) | null) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#print = print;
  }

  get step(): number {
    return this.#step;
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  /** Eight hex digits: equal for equal histories. */
  get digest(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  note(what: string): void {
    this.#step += 1;
    const line = `${this.#nowMs() - this.#startMs} ${what}`;
    for (let index = 0; index < line.length; index += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    }
    this.#print?.(`${this.#step} ${line}`);
  }

  /** Counts a fault that was injected. */
  count(fault: FaultName, detail = ''): void {
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
    this.note(`!! ${fault} ${detail}`);
  }

  /** Reports a broken promise; the first one stands. */
  violate(what: string): void {
    this.note(`VIOLATION ${what}`);
    this.#violation ??= { step: this.#step, atMs: this.#nowMs() - this.#startMs, what };
  }
}
