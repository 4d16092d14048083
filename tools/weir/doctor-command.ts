import { parseArgs } from 'node:util';
import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import type { ObservedDate } from '../../src/core/adapters/azure-storage/observe-date.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import { mergeKeys, parseKeysDocument } from '../../src/core/identity/keys-document.ts';
import { checkClock } from './check-clock.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkIdentity } from './check-identity.ts';
import { checkKeys } from './check-keys.ts';
import { checkService } from './check-service.ts';
import { checkStorage } from './check-storage.ts';
import { CommandError } from './command-error.ts';
import { type Environment, readSettingDocument } from './document-places.ts';
import { type Finding, ok, problem, renderSection, type Section, skipped, summarise } from './finding.ts';
import type { CommandContext } from './keys-command.ts';
import { chooseKey, isMeant, type LocalRun } from './local-run.ts';
import { probeDeployments } from './probe-deployments.ts';

const doctorSynopsis = 'npm run weir -- doctor [--url URL] [--config PLACE] [--keys PLACE] [--account NAME] [--probe]';

export const doctorUsage = `doctor: checks a deployment and says what to fix. It changes nothing.

  ${doctorSynopsis}

It knows the Weir that npm start runs here; anything else is named:

  --url URL       a running Weir; its key comes from the setting WEIR_KEY (or --key, which other users of this machine can see)
  --config PLACE  configuration: a file or blob:CONTAINER/NAME (the setting WEIR_CONFIG, else weir.config.json)
  --keys PLACE    issued keys, likewise (the setting WEIR_KEYS)
  --account NAME  storage account, as whoever is signed in (else the settings AzureWebJobsStorage…)
  --probe         calls every deployment once: costs a few tokens each

Exit code: 0 when nothing is broken (warnings are allowed), 1 otherwise.`;

export interface DoctorContext extends CommandContext {
  readonly print: (text: string) => void;
  /** The Weir that runs on this machine; null = none. */
  readonly localRun: LocalRun | null;
}

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string' },
  keys: { type: 'string' },
  account: { type: 'string' },
  probe: { type: 'boolean', default: false },
} as const;

/** Runs `weir doctor`: prints a section per subject and returns the exit code. Throws a CommandError for a wrong command line. */
export async function runDoctorCommand(args: readonly string[], context: DoctorContext): Promise<number> {
  const values = parse(args);
  const run = context.localRun;
  const local = run !== null && isMeant(run, values, context.environment) ? run : null;
  const environment =
    local === null
      ? context.environment
      : { AzureWebJobsStorage: local.storageConnectionString, ...context.environment };
  const nowMs = context.now().getTime();
  const sections: Section[] = [];
  const report = (title: string, findings: readonly Finding[]) => {
    sections.push({ title, findings });
    context.print(`${renderSection({ title, findings })}\n`);
  };

  const configPlace = values.config ?? environment['WEIR_CONFIG'] ?? local?.configSetting ?? 'weir.config.json';
  const reading = await examineConfiguration({
    place: configPlace,
    keysPlace: values.keys ?? environment['WEIR_KEYS'],
    account: values.account ?? null,
    isLocal: local !== null,
    environment,
    nowMs,
  });
  report(`Configuration (${configPlace.startsWith('{') ? 'inline' : configPlace})`, reading.findings);

  const storageDates: ObservedDate[] = [];
  report('Storage', await examineStorage(values.account ?? null, environment, storageDates));
  if (reading.config !== null) {
    report('Identity', await checkIdentity(reading.config, environment, local !== null));
  }

  const serviceDates: ObservedDate[] = [];
  const url = values.url ?? local?.baseUrl;
  if (url !== undefined) {
    const key = values.key ?? environment['WEIR_KEY'] ?? (local && chooseKey(local, reading.config));
    const observeDate = (observed: ObservedDate) => serviceDates.push(observed);
    report(`Service (${url})`, await checkService({ url: readUrl(url), key, config: reading.config, observeDate }));
  } else report('Service', [skipped('No running Weir is named: give --url')]);
  report('Clock', [
    storageDates.length > 0
      ? checkClock("This machine's clock", storageDates)
      : checkClock("This machine's clock", serviceDates, "Weir's"),
  ]);
  if (reading.config !== null && values.probe) {
    // The simulator takes any key, as the launcher's own is known to nobody else.
    const settings = local === null ? environment : { WEIR_LOCAL_KEY: 'local', ...environment };
    report('Deployments', await probeDeployments(reading.config, settings));
  } else report('Deployments', [skipped('Not called: --probe does, for a few tokens each')]);
  context.print(summarise(sections));
  return sections.some(({ findings }) => findings.some(({ status }) => status === 'problem')) ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new CommandError(
      `${doctorSynopsis}   (--help explains them)\n\n${error instanceof Error ? error.message : error}`,
    );
  }
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError('--url: only an address that begins with https:// (or http:// on this machine) is allowed.');
  }
  return text.replace(/\/+$/, '');
}

interface ConfigurationReading {
  /** With the issued keys in it; null when it cannot be read. */
  readonly config: WeirConfig | null;
  readonly findings: readonly Finding[];
}

interface ConfigurationPlaces {
  readonly place: string;
  /** Of the issued keys; undefined = not named. */
  readonly keysPlace: string | undefined;
  readonly account: string | null;
  /** Whether `npm start` runs it: then its deployments and keys are the launcher's. */
  readonly isLocal: boolean;
  readonly environment: Environment;
  readonly nowMs: number;
}

async function examineConfiguration(places: ConfigurationPlaces): Promise<ConfigurationReading> {
  const { place, keysPlace: setting, account, isLocal, environment, nowMs } = places;
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
        ...checkConfiguration(parsed.config, nowMs, isLocal),
        skipped('Issued keys: name them with --keys, or the setting WEIR_KEYS'),
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
      return { config: parsed.config, findings: [...checkConfiguration(parsed.config, nowMs, isLocal), finding] };
    }
    const issued = keys === null ? [] : keys.keys;
    const config = mergeKeys(parsed.config, issued);
    return {
      config,
      findings: [...checkConfiguration(config, nowMs, isLocal), ...checkKeys(parsed.config, issued, nowMs)],
    };
  } catch (error) {
    return broken(
      `It cannot be read: ${error instanceof Error ? error.message : 'no reason given'}`,
      'Check the place, your sign-in and your roles.',
    );
  }
}

function broken(message: string, fix: string): ConfigurationReading {
  return { config: null, findings: [problem(message, fix)] };
}

async function examineStorage(
  account: string | null,
  environment: Environment,
  dates: ObservedDate[],
): Promise<readonly Finding[]> {
  const settings = account === null ? environment : { AzureWebJobsStorage__accountName: account };
  try {
    const connection = connectStorage({ settings, observeDate: (observed) => dates.push(observed) });
    const how = connection.usesIdentity ? 'as whoever is signed in' : 'with a connection string';
    return [ok(`Looked at ${how}`), ...(await checkStorage(connection))];
  } catch (error) {
    if (account === null)
      return [skipped('No storage account is named: give --account, or the settings AzureWebJobsStorage…')];
    return [problem(error instanceof Error ? error.message : 'It cannot be opened.', 'Check --account.')];
  }
}
