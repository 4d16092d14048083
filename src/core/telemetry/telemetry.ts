import type { Usage } from '../tokens/usage.ts';

/** Identifies work across the queue: every event of a job carries its trace. Never holds content, keys or tokens. */
interface Traced {
  readonly atMs: number;
  readonly traceparent: string;
  readonly team: string;
  readonly jobId: string;
}

export type TelemetryEvent =
  | (Traced & {
      readonly type: 'job';
      readonly status: string;
      readonly model: string;
      readonly lane: string;
      readonly attempts: number;
      readonly usage: Usage;
      readonly costNanoUsd: number;
      readonly queueMs: number;
      readonly latencyMs: number;
      readonly errorCode: string | null;
    })
  | (Traced & {
      readonly type: 'attempt';
      readonly attempt: number;
      readonly model: string;
      readonly endpoint: string;
      readonly deployment: string;
      readonly region: string;
      /** Host name of the upstream, for the dependency. */
      readonly target: string;
      readonly statusCode: number | null;
      readonly outcome: string;
      readonly errorCode: string | null;
      readonly usage: Usage;
      readonly costNanoUsd: number;
      readonly latencyMs: number;
    })
  | {
      readonly type: 'notice';
      readonly atMs: number;
      /** `debug` is for machines: gauges and heartbeats that alerts read and people need not. */
      readonly level: 'debug' | 'info' | 'warning' | 'error';
      /** Stable name such as `poison_message`, `config_reload_failed`, `storage_unavailable`. */
      readonly name: string;
      readonly message: string;
      readonly fields: Readonly<Record<string, string | number | boolean>>;
    };

/** Port: reports; never blocks, never throws, never fails a job. */
export interface Telemetry {
  track(event: TelemetryEvent): void;
  /** Hands over what is buffered within a bounded time. */
  flush(): Promise<void>;
}
