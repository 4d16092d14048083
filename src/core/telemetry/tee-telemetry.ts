import type { Telemetry, TelemetryEvent } from './telemetry.ts';

/** Reports to nobody. */
export const nullTelemetry: Telemetry = { track: () => undefined, flush: async () => undefined };

/** Reports to each of `sinks`; one that breaks its contract and throws keeps nothing from the others. */
export function teeTelemetry(sinks: readonly Telemetry[]): Telemetry {
  return {
    track(event: TelemetryEvent): void {
      for (const sink of sinks) {
        try {
          sink.track(event);
        } catch {
          // A port that never throws stays one.
        }
      }
    },
    async flush(): Promise<void> {
      await Promise.allSettled(sinks.map((sink) => sink.flush()));
    },
  };
}
