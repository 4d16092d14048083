import { HostError } from './host-error.ts';

/** The environment of the app, as `process.env` or a copy of it. */
export type Environment = Record<string, string | undefined>;

/**
 * Puts `Values` of local.settings.json into the environment without overriding what is there, and forces
 * `AZURE_FUNCTIONS_ENVIRONMENT` to Development, as Core Tools does.
 */
export function injectLocalSettings(localSettings: string | undefined, environment: Environment): void {
  for (const [name, value] of Object.entries(readValues(localSettings))) environment[name] ??= value;
  environment['AZURE_FUNCTIONS_ENVIRONMENT'] = 'Development';
}

function readValues(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch (error) {
    throw new HostError(
      `local.settings.json is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (typeof settings !== 'object' || settings === null)
    throw new HostError('local.settings.json must hold an object.');
  if ('IsEncrypted' in settings && settings.IsEncrypted === true) {
    throw new HostError('local.settings.json is encrypted: run `func settings decrypt` first.');
  }
  const values = 'Values' in settings ? settings.Values : {};
  if (typeof values !== 'object' || values === null)
    throw new HostError('local.settings.json: Values must be an object.');
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string') throw new HostError(`local.settings.json: Values.${name} must be a string.`);
      return [name, value];
    }),
  );
}

/** A binding's text with every `%Setting%` replaced; `owner` names the function in the error about a missing one. */
export function resolveSettings(text: string, environment: Environment, owner: string): string {
  return text.replace(/%([^%]+)%/g, (_match, name: string) => {
    const value = environment[name];
    if (value === undefined) throw new HostError(`Function ${owner}: '%${name}%' does not resolve to a value.`);
    return value;
  });
}

/** True when `AzureWebJobs.<name>.Disabled` (or its `__` form, for systems without dots in names) says so. */
export function isDisabled(functionName: string, environment: Environment): boolean {
  const value =
    environment[`AzureWebJobs.${functionName}.Disabled`] ?? environment[`AzureWebJobs__${functionName}__Disabled`];
  return value?.toLowerCase() === 'true' || value === '1';
}
