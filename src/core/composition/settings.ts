import { type AppSettings, readAppSettings } from '../app-settings.ts';

/** The environment of this process; nothing else reads it. */
export const environment = process.env;

/** Throws, as this file is loaded, the one message that names every wrong setting. */
export const settings: AppSettings = readAppSettings(environment);

/** What triggers are registered with. */
export const hostSettings = {
  sweepSchedule: settings.WEIR_SWEEP_SCHEDULE,
  probeSchedule: settings.WEIR_PROBE_SCHEDULE,
} as const;

/** A document in a blob may not be published yet, or storage may be away: both come right by themselves. */
export const isConfigWaitedFor = [settings.WEIR_CONFIG, settings.WEIR_KEYS].some((place) => place?.startsWith('blob:'));
