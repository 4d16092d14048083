import { ConsoleTelemetry } from '../adapters/console/telemetry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { environment, settings } from './settings.ts';

/** Application Insights where a connection string is set, readable lines otherwise. */
export async function openTelemetry(): Promise<Telemetry> {
  const connectionString = settings.APPLICATIONINSIGHTS_CONNECTION_STRING;
  if (connectionString === undefined) return new ConsoleTelemetry({ level: settings.WEIR_LOG_LEVEL });
  const { ApplicationInsightsTelemetry } = await import('../adapters/application-insights/telemetry.ts');
  const authenticationString = settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING ?? null;
  return new ApplicationInsightsTelemetry({ connectionString, authenticationString, environment });
}
