import { randomUUID } from 'node:crypto';
import type { CoreContext, InvocationRequest, InvocationResponse, TypedData } from './core-module.ts';
import type { FunctionApp, RegisteredFunction } from './function-app.ts';
import { describeError, type HostLog } from './host-log.ts';
import { continueTrace, type TraceContext } from './trace-context.ts';

/** What a trigger hands to the invoker. */
export interface TriggerEvent {
  data: TypedData;
  metadata: Record<string, TypedData>;
  /** Why the function runs, for the log. */
  reason: string;
  /** Taken over from the caller when it sent one. */
  trace?: TraceContext;
  invocationId?: string;
}

/** How an invocation ended. A timed-out handler may still be running: JavaScript cannot be stopped from outside. */
export type InvocationOutcome =
  | { outcome: 'succeeded'; response: InvocationResponse }
  | { outcome: 'failed'; error: unknown }
  | { outcome: 'timed-out' };

/** Runs functions the way the Node worker does and keeps count of what is in flight. */
export class Invoker {
  readonly #app: FunctionApp;
  readonly #log: HostLog;
  readonly #timeoutMs: number | undefined;
  readonly #inFlight = new Set<Promise<unknown>>();
  #running = 0;

  constructor(app: FunctionApp, log: HostLog, timeoutMs: number | undefined) {
    this.#app = app;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** How many invocations run right now. */
  get runningCount(): number {
    return this.#running;
  }

  /** Resolves when nothing is in flight any more, work begun meanwhile included. */
  async whenIdle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  /** Counts `work` as in flight until it settles: an answer still being written, a message still to be deleted. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    const forget = () => this.#inFlight.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Invokes a function once; errors of handler and hooks are logged and returned, never thrown. */
  invoke(fn: RegisteredFunction, event: TriggerEvent): Promise<InvocationOutcome> {
    return this.track(this.#run(fn, event));
  }

  async #run(fn: RegisteredFunction, event: TriggerEvent): Promise<InvocationOutcome> {
    const invocationId = event.invocationId ?? randomUUID();
    const startedAt = performance.now();
    this.#log.detail(`Executing 'Functions.${fn.name}' (Reason='${event.reason}', Id=${invocationId})`);
    this.#running += 1;
    const outcome = await this.#limit(fn, this.#runSteps(fn, event, invocationId));
    this.#running -= 1;
    const took = `Id=${invocationId}, Duration=${Math.round(performance.now() - startedAt)}ms`;
    if (outcome.outcome === 'succeeded') this.#log.detail(`Executed 'Functions.${fn.name}' (Succeeded, ${took})`);
    if (outcome.outcome === 'failed') {
      this.#log.error(`Executed 'Functions.${fn.name}' (Failed, ${took})\n${describeError(outcome.error)}`);
    }
    if (outcome.outcome === 'timed-out') {
      this.#log.error(`Timeout value of ${this.#timeoutMs} ms exceeded by function '${fn.name}' (${took}).`);
    }
    return outcome;
  }

  async #limit(fn: RegisteredFunction, work: Promise<InvocationResponse>): Promise<InvocationOutcome> {
    let timer: NodeJS.Timeout | undefined;
    const settled = work.then(
      (response): InvocationOutcome => ({ outcome: 'succeeded', response }),
      (error: unknown): InvocationOutcome => ({ outcome: 'failed', error }),
    );
    const expiry = new Promise<InvocationOutcome>((resolve) => {
      if (this.#timeoutMs === undefined) return;
      timer = setTimeout(() => resolve({ outcome: 'timed-out' }), Math.min(this.#timeoutMs, 2 ** 31 - 1));
    });
    const outcome = await Promise.race([settled, expiry]);
    clearTimeout(timer);
    if (outcome.outcome === 'timed-out') {
      void settled.then((late) => this.#log.warn(`Function '${fn.name}' ended after its timeout: ${late.outcome}.`));
    }
    return outcome;
  }

  // The worker's order: getArguments, preInvocation hooks, handler, postInvocation hooks, error or getResponse.
  async #runSteps(fn: RegisteredFunction, event: TriggerEvent, invocationId: string): Promise<InvocationResponse> {
    const holder: { context?: unknown } = {};
    const coreContext = this.#createContext(fn, event, invocationId, holder);
    const model = this.#app.model.getInvocationModel(coreContext);
    const { context, inputs } = await model.getArguments();
    holder.context = context;
    const shared = { hookData: {}, appHookData: this.#app.appHookData, invocationContext: context };

    const before = { ...shared, inputs, functionCallback: fn.callback };
    coreContext.state = 'preInvocationHooks';
    await this.#app.runHooks('preInvocation', before);

    const after = { ...shared, inputs: before.inputs, result: null as unknown, error: null as unknown };
    coreContext.state = 'invocation';
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error;
    }
    coreContext.state = 'postInvocationHooks';
    await this.#app.runHooks('postInvocation', after);
    coreContext.state = undefined;

    // As in the worker: whatever is thrown that is no Error goes by unnoticed, and a hook may take an error back.
    if (after.error instanceof Error) throw after.error;
    return await model.getResponse(context, after.result);
  }

  #createContext(
    fn: RegisteredFunction,
    event: TriggerEvent,
    invocationId: string,
    holder: { context?: unknown },
  ): CoreContext {
    const request: InvocationRequest = {
      invocationId,
      functionId: fn.name,
      inputData: [{ name: fn.triggerName, data: event.data }],
      triggerMetadata: event.metadata,
      traceContext: { ...continueTrace(event.trace), attributes: {} },
    };
    return {
      invocationId,
      request,
      metadata: fn.metadata,
      state: undefined,
      log: (level, category, message) => this.#app.writeLog({ level, category, message }, fn.name, holder.context),
    };
  }
}
