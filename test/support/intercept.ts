/** Stands between a use case and one verb of a port; `proceed` makes the real call. */
export type Interception = (proceed: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>;

interface Rule {
  readonly verb: string;
  left: number;
  readonly act: Interception;
}

/** A port whose verbs a test can make fail, wait, or answer after the deed. */
export class Intercepted<T extends object> {
  readonly port: T;
  /** Verbs called, in order. */
  readonly calls: string[] = [];
  #rules: Rule[] = [];

  constructor(target: T) {
    this.port = new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        return (...args: unknown[]) => this.#call(property, () => member.apply(object, args), args);
      },
    });
  }

  /** Acts on the next `times` calls of a verb. */
  next(verb: keyof T & string, act: Interception, times = 1): void {
    this.#rules.push({ verb, left: times, act });
  }

  /** The next `times` calls of a verb fail before anything is done. */
  fail(verb: keyof T & string, error: Error, times = 1): void {
    this.next(verb, () => Promise.reject(error), times);
  }

  /** Forgets every rule. */
  heal(): void {
    this.#rules = [];
  }

  #call(verb: string, proceed: () => unknown, args: readonly unknown[]): unknown {
    this.calls.push(verb);
    const rule = this.#rules.find((candidate) => candidate.verb === verb && candidate.left > 0);
    if (rule === undefined) return proceed();
    rule.left -= 1;
    return rule.act(async () => proceed(), args);
  }
}
