import type { TelemetryEvent } from '../../telemetry/telemetry.ts';
import { parseTraceparent } from '../../telemetry/traceparent.ts';
import { toCustomEvent } from './to-custom-event.ts';
import { toDependency } from './to-dependency.ts';

export interface SinkOptions {
  readonly connectionString: string;
  /** `ClientId=…;Authorization=AAD` where ingestion takes the app's identity only; null where the connection string is enough. */
  readonly authenticationString: string | null;
  /** Whether what cannot be sent is kept on the local disk (50 MB, two days) and sent later. */
  readonly keepsOffline: boolean;
}

/** The SDK, started. */
export interface Sink {
  send(event: TelemetryEvent): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const off = { enabled: false };

/**
 * Loads and starts the SDK, which costs a second of a cold start. It collects nothing by itself: the host reports
 * requests, traces and its own dependencies already. Throws when it did not start, which the SDK itself only logs.
 */
export async function startSink(options: SinkOptions): Promise<Sink> {
  // A bundle has the CommonJS package under `default` alone.
  const { default: sdk } = await import('applicationinsights');
  const { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } = await import('@opentelemetry/api');
  const client = new sdk.TelemetryClient(options.connectionString);
  client.config.azureMonitorOpenTelemetryOptions = {
    // These options replace the SDK's own wholesale, so the connection string must be said again.
    azureMonitorExporterOptions: {
      connectionString: options.connectionString,
      disableOfflineStorage: !options.keepsOffline,
      ...(options.authenticationString === null
        ? {}
        : { credential: await makeCredential(options.authenticationString) }),
    },
    // The default keeps five traces a second and wins over any ratio.
    tracesPerSecond: 0,
    samplingRatio: 1,
    enableTraceBasedSamplingForLogs: false,
    enableLiveMetrics: false,
    enableStandardMetrics: false,
    enablePerformanceCounters: false,
    enableAutoCollectExceptions: false,
    enableAutoCollectPerformance: false,
    instrumentationOptions: {
      ...{ http: off, azureSdk: off, mongoDb: off, mySql: off, postgreSql: off, redis: off, redis4: off },
      ...{ bunyan: off, winston: off, console: off },
    },
  };
  client.config.enableAutoCollectPerformance = false;
  client.config.enableAutoCollectExceptions = false;
  client.initialize();
  const tracer = trace.getTracer('weir');
  const probe = tracer.startSpan('start', {}, ROOT_CONTEXT);
  if (!probe.isRecording())
    throw new Error('The Application Insights SDK did not start: is the connection string valid?');

  const contextOf = (event: TelemetryEvent) => {
    const parent = event.type === 'notice' ? null : parseTraceparent(event.traceparent);
    if (parent === null) return ROOT_CONTEXT;
    const { traceId, spanId } = parent;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  };
  return {
    send(event) {
      const parent = contextOf(event);
      const { name, properties, measurements } = toCustomEvent(event);
      context.with(parent, () => client.trackEvent({ name, properties, measurements }));
      if (event.type !== 'attempt') return;
      const dependency = toDependency(event);
      const { attributes, startedAtMs } = dependency;
      const span = tracer.startSpan(
        dependency.name,
        { kind: SpanKind.CLIENT, attributes, startTime: startedAtMs },
        parent,
      );
      span.setStatus({ code: dependency.hasFailed ? SpanStatusCode.ERROR : SpanStatusCode.OK });
      span.end(dependency.endedAtMs);
    },
    flush: () => client.flush(),
    close: () => client.shutdown(),
  };
}

async function makeCredential(authenticationString: string) {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = /(?:^|;)\s*ClientId=([^;]+)/i.exec(authenticationString)?.[1]?.trim();
  return clientId === undefined ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
}
