import { z } from 'zod';
import { ConfigurationError } from './config/configuration-error.ts';
import { isScheduleWithin, mostProbeSeconds, mostSweepSeconds } from './config/timer-schedule.ts';
import { telemetryLevels } from './telemetry/describe-event.ts';

function seconds(least: number, most: number) {
  const allowed = `a number from ${least} to ${most}`;
  return z.coerce.number(allowed).min(least, allowed).max(most, allowed);
}

/**
 * Of the five seconds between `appTerminate` and the end of the worker (a constant of the Functions host,
 * `WorkerTerminateGracePeriodInSeconds`): two for calls, 1.5 for what they leave to write, half a one for telemetry.
 */
const mostGraceSeconds = 2;

function schedule(mostSeconds: number, usual: string) {
  const allowed = `a schedule of six fields whose last five are *, that fires at least every ${mostSeconds} seconds, such as ${usual},`;
  return z.string().refine(isScheduleWithin(mostSeconds), allowed).default(usual);
}

/** Every setting of the app beside the storage connection: name, meaning and default. The environment wins over files. */
const schema = z.object({
  /** File, inline JSON or `blob:<container>/<name>`. */
  WEIR_CONFIG: z.string().min(1).default('weir.config.json'),
  /** Second document with team keys; absent = only those of the configuration. */
  WEIR_KEYS: z.string().min(1).optional(),
  WEIR_LEASE_SECONDS: seconds(2, 600).default(45),
  /** More than two seconds is taken as two: the host ends the process five after it has asked for the end, whatever it does. */
  WEIR_GRACE_SECONDS: seconds(0, 600)
    .default(mostGraceSeconds)
    .transform((given) => Math.min(given, mostGraceSeconds)),
  /** Six-field NCRONTAB of the sweep. */
  WEIR_SWEEP_SCHEDULE: schedule(mostSweepSeconds, '*/15 * * * * *'),
  /** When deployments that are out and that no work tests are tested; each look is billed as a second of an instance. */
  WEIR_PROBE_SCHEDULE: schedule(mostProbeSeconds, '*/5 * * * * *'),
  WEIR_OPENAI_SCOPE: z.url('an address such as https://cognitiveservices.azure.com/.default').optional(),
  WEIR_LOG_LEVEL: z.enum(telemetryLevels, `one of ${telemetryLevels.join(', ')}`).default('info'),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().optional(),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z.string().optional(),
  AZURE_CLIENT_ID: z.string().optional(),
  WEBSITE_AUTH_ENABLED: z.string().optional(),
  /** Set by the platform in Azure. */
  WEBSITE_INSTANCE_ID: z.string().optional(),
});

export type AppSettings = z.output<typeof schema>;

/** Names of the settings that the code reads; infrastructure writes the same ones. */
export const settingNames: readonly string[] = Object.keys(schema.shape);

/** Reads the app's settings; throws one message that names every wrong one. Blank counts as absent. */
export function readAppSettings(environment: Readonly<Record<string, string | undefined>>): AppSettings {
  const present = Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== '');
  const parsed = schema.safeParse(Object.fromEntries(present));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return `${name}: received ${JSON.stringify(environment[name]?.slice(0, 60))}, ${issue.message} is allowed.`;
  });
  throw new ConfigurationError(`Wrong settings. ${problems.join(' ')}`);
}
