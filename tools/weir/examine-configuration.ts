import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import { StorageUnavailableError } from '../../src/core/http/weir-error.ts';
import { mergeKeys, parseKeysDocument } from '../../src/core/identity/keys-document.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkKeys } from './check-keys.ts';
import { type Environment, readSettingDocument } from './document-places.ts';
import { type Finding, problem, skipped } from './finding.ts';

export interface ConfigurationReading {
  /** With the issued keys in it; null when there is none to look at, or it cannot be read. */
  readonly config: WeirConfig | null;
  readonly findings: readonly Finding[];
}

interface ConfigurationPlaces {
  /** null = none is to be looked at. */
  readonly place: string | null;
  /** Of the issued keys; undefined = not named. */
  readonly keysPlace: string | undefined;
  readonly account: string | null;
  /** Whether `npm start` runs it: then its deployments and keys are the launcher's. */
  readonly isLocal: boolean;
  readonly environment: Environment;
  readonly nowMs: number;
}

/** Reads the configuration and the issued keys, and says what is wrong with them. */
export async function examineConfiguration(places: ConfigurationPlaces): Promise<ConfigurationReading> {
  const { place, keysPlace: setting, account, isLocal, environment, nowMs } = places;
  if (place === null) {
    const hint =
      'Not looked at: name the one that it runs, such as --config blob:config/weir.config.json --account NAME';
    return { config: null, findings: [skipped(hint)] };
  }
  const context = { nowMs, isLocalRun: isLocal };
  const read = (setting: string) => readSettingDocument(setting, account, environment);
  try {
    const text = await read(place);
    if (text === null)
      return broken('There is no such document.', 'Name it with --config, or the setting WEIR_CONFIG.');
    const parsed = parseConfig(text);
    if (parsed.outcome === 'invalid')
      return broken(
        `It is invalid:\n${describeProblems(parsed.problems)}`,
        'The app keeps its last good one until this is right.',
      );
    if (setting === undefined) {
      const findings = [
        ...checkConfiguration(parsed.config, { ...context, hasIssuedKeys: isLocal }),
        skipped('Issued keys, and whether every team has one: name them with --keys, or the setting WEIR_KEYS'),
      ];
      return { config: parsed.config, findings };
    }
    const keysText = await read(setting);
    const keys = keysText === null ? null : parseKeysDocument(keysText);
    if (keys?.outcome === 'invalid') {
      const finding = problem(
        `The keys in ${setting} are invalid:\n${describeProblems(keys.problems)}`,
        'Nothing of the last good ones is lost; repair or restore it.',
      );
      return { config: parsed.config, findings: [...checkConfiguration(parsed.config, context), finding] };
    }
    const issued = keys === null ? [] : keys.keys;
    const config = mergeKeys(parsed.config, issued);
    return {
      config,
      findings: [...checkConfiguration(config, context), ...checkKeys(parsed.config, issued, nowMs)],
    };
  } catch (error) {
    return broken(`It cannot be read: ${describe(error)}`, 'Check the place, your sign-in and your roles.');
  }
}

function broken(message: string, fix: string): ConfigurationReading {
  return { config: null, findings: [problem(message, fix)] };
}

function describe(error: unknown): string {
  if (error instanceof StorageUnavailableError) return error.report;
  return error instanceof Error ? error.message : 'no reason given';
}
