import type { TelemetryEvent } from '../../telemetry/telemetry.ts';

/** An event as Application Insights keeps it: text in `customDimensions`, numbers in `customMeasurements`. */
export interface CustomEvent {
  readonly name: 'weir.job' | 'weir.attempt' | 'weir.notice';
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
}

/** Turns an event into a custom event; what is null is left out. `infra/alerts.json` and the workbook read these names. */
export function toCustomEvent(event: TelemetryEvent): CustomEvent {
  switch (event.type) {
    case 'job': {
      const { team, jobId, status, model, lane, errorCode, attempts, costNanoUsd, queueMs, latencyMs, usage } = event;
      return {
        name: 'weir.job',
        properties: withoutNulls({ team, jobId, status, model, lane, errorCode }),
        measurements: { attempts, ...usage, costNanoUsd, queueMs, latencyMs },
      };
    }
    case 'attempt': {
      const { team, jobId, model, endpoint, deployment, region, target, outcome, errorCode } = event;
      const { costNanoUsd, latencyMs, usage } = event;
      const numbers = { attempt: String(event.attempt), statusCode: event.statusCode?.toString() ?? null };
      return {
        name: 'weir.attempt',
        properties: withoutNulls({
          ...{ team, jobId, model, endpoint, deployment, region, target, outcome, errorCode },
          ...numbers,
        }),
        measurements: { ...usage, costNanoUsd, latencyMs },
      };
    }
    case 'notice': {
      const fields = Object.entries(event.fields);
      const text = fields.flatMap(([name, value]) => (typeof value === 'number' ? [] : [[name, String(value)]]));
      const { name, level, message } = event;
      return {
        name: 'weir.notice',
        properties: { ...Object.fromEntries(text), name, level, message },
        measurements: Object.fromEntries(
          fields.flatMap(([field, value]) => (typeof value === 'number' ? [[field, value]] : [])),
        ),
      };
    }
  }
}

function withoutNulls(fields: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
