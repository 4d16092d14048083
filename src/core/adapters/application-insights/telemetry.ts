import type { Telemetry, TelemetryEvent } from '../../telemetry/telemetry.ts';
import { type Sink, startSink } from './start-sink.ts';

export interface ApplicationInsightsOptions {
  readonly connectionString: string;
  /** The app's setting APPLICATIONINSIGHTS_AUTHENTICATION_STRING; null or absent where it is not set. */
  readonly authenticationString?: string | null;
  /** Whether what cannot be sent is kept on the local disk; true when absent. */
  readonly keepsOffline?: boolean;
  /** The process's environment: the SDK's reports about itself can be switched off there only. */
  readonly environment?: Record<string, string | undefined>;
  /** Told once when telemetry cannot work; standard error when absent. */
  readonly warn?: (line: string) => void;
}

/** Events kept until the SDK is loaded; beyond it the oldest go. */
const maxWaiting = 2000;
/** A host that stops waits no longer than this for telemetry. */
const flushTimeoutMs = 3000;

/** Switches of the exporter's reports about itself: two would dial out to other hosts, one adds a metric to every batch. */
const silencers = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED: 'true',
  APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true',
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true',
} as const;

/**
 * Telemetry to Application Insights: one custom event per event, and a dependency per attempt, in the job's trace.
 * The SDK loads behind the first event; its queues are bounded and its sending never blocks. When it cannot start, that
 * is said once and events are dropped.
 */
export class ApplicationInsightsTelemetry implements Telemetry {
  private readonly options: ApplicationInsightsOptions;
  private waiting: TelemetryEvent[] = [];
  private dropped = 0;
  private starting: Promise<Sink | null> | null = null;
  private sink: Sink | null = null;
  private isBroken = false;

  constructor(options: ApplicationInsightsOptions) {
    this.options = options;
  }

  track(event: TelemetryEvent): void {
    if (this.isBroken) return;
    if (this.sink !== null) {
      this.send(this.sink, event);
      return;
    }
    this.waiting.push(event);
    if (this.waiting.length > maxWaiting) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.starting ??= this.start();
  }

  async flush(): Promise<void> {
    await within(flushTimeoutMs, async () => {
      const sink = await this.starting;
      await sink?.flush();
    });
  }

  /** Hands over what is buffered and stops the SDK; afterwards events are dropped. */
  async close(): Promise<void> {
    await within(flushTimeoutMs, async () => {
      const sink = await this.starting;
      this.isBroken = true;
      this.sink = null;
      await sink?.close();
    });
  }

  private async start(): Promise<Sink | null> {
    try {
      Object.assign(this.options.environment ?? {}, silencers);
      const { connectionString, authenticationString = null, keepsOffline = true } = this.options;
      const sink = await startSink({ connectionString, authenticationString, keepsOffline });
      this.sink = sink;
      for (const event of this.waiting.splice(0)) this.send(sink, event);
      if (this.dropped > 0) this.warn(`${this.dropped} telemetry events were dropped while the SDK was loading`);
      return sink;
    } catch (error) {
      this.isBroken = true;
      this.waiting = [];
      this.warn(`Telemetry is off: ${error instanceof Error ? error.message : 'the SDK did not load'}`);
      return null;
    }
  }

  private send(sink: Sink, event: TelemetryEvent): void {
    try {
      sink.send(event);
    } catch (error) {
      this.isBroken = true;
      this.warn(`Telemetry is off: ${error instanceof Error ? error.message : 'an event could not be sent'}`);
    }
  }

  private warn(line: string): void {
    const write = this.options.warn ?? ((text: string) => process.stderr.write(`${text}\n`));
    write(line);
  }
}

/** Waits for `work` for so long, and never throws: telemetry that is down is nobody's failure. */
async function within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work().catch(() => undefined), expired]);
  clearTimeout(timer);
}
