import { parseArgs } from 'node:util';
import { connectStorage } from '../../src/core/adapters/azure-storage/connection.ts';
import type { ObservedDate } from '../../src/core/adapters/azure-storage/observe-date.ts';
import type { ResourceManager } from './azure/resource-manager.ts';
import { type AzurePlaces, checkAzure } from './check-azure.ts';
import { checkClock } from './check-clock.ts';
import { checkIdentity } from './check-identity.ts';
import { checkService } from './check-service.ts';
import { checkStorage } from './check-storage.ts';
import { CommandError } from './command-error.ts';
import type { Environment } from './document-places.ts';
import { examineConfiguration } from './examine-configuration.ts';
import { type Finding, ok, problem, renderSection, type Section, skipped, summarise } from './finding.ts';
import type { CommandContext } from './keys-command.ts';
import { chooseKey, isMeant, type LocalRun } from './local-run.ts';
import { probeDeployments } from './probe-deployments.ts';

const doctorSynopsis =
  'npm run weir -- doctor [--url URL] [--config PLACE] [--keys PLACE] [--account NAME] [--subscription ID [--resource-group NAME]] [--probe]';

export const doctorUsage = `doctor: checks a deployment and says what to fix. It changes nothing.

  ${doctorSynopsis}

It knows the Weir that npm start runs here; anything else is named:

  --url URL       a running Weir; its key comes from the setting WEIR_KEY (or --key, which other users of this machine can see)
  --config PLACE  configuration: a file or blob:CONTAINER/NAME (the setting WEIR_CONFIG; without --url, weir.config.json)
  --keys PLACE    issued keys, likewise (the setting WEIR_KEYS)
  --subscription ID      compares quota with what Azure granted, as whoever is signed in: limits, SKUs, models. Again for each
                         further subscription with model accounts; the gateway's first
  --resource-group NAME  the gateway's: compares the roles of its identity too
  --account NAME  storage account, as whoever is signed in (else the settings AzureWebJobsStorage…)
  --probe         calls every deployment once: costs a few tokens each

Exit code: 0 when nothing is broken (warnings are allowed), 1 otherwise.`;

export interface DoctorContext extends CommandContext {
  readonly print: (text: string) => void;
  /** The Weir that runs on this machine; null = none. */
  readonly localRun: LocalRun | null;
  readonly azure: ResourceManager;
}

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string' },
  keys: { type: 'string' },
  account: { type: 'string' },
  subscription: { type: 'string', multiple: true },
  'resource-group': { type: 'string' },
  probe: { type: 'boolean', default: false },
} as const;

/** Runs `weir doctor`: prints a section per subject and returns the exit code. Throws a CommandError for a wrong command line. */
export async function runDoctorCommand(args: readonly string[], context: DoctorContext): Promise<number> {
  const values = parse(args);
  const places = readAzurePlaces(values.subscription ?? [], values['resource-group'] ?? null);
  const givenUrl = values.url === undefined ? null : readUrl(values.url);
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

  const named = values.config ?? environment['WEIR_CONFIG'] ?? local?.configSetting;
  // A Weir elsewhere does not run the file of this folder: comparing the two would find nothing but differences.
  const configPlace = named ?? (givenUrl === null ? 'weir.config.json' : null);
  const reading = await examineConfiguration({
    place: configPlace,
    keysPlace: values.keys ?? environment['WEIR_KEYS'],
    account: values.account ?? null,
    isLocal: local !== null,
    environment,
    nowMs,
  });
  report(nameConfiguration(configPlace), reading.findings);

  const storageDates: ObservedDate[] = [];
  report('Storage', await examineStorage(values.account ?? null, environment, storageDates));
  if (reading.config !== null) {
    report('Identity', await checkIdentity(reading.config, environment, local !== null));
  }

  if (places === null) report('Azure', [skipped('Quota and roles: name the subscription with --subscription')]);
  else if (reading.config !== null) report('Azure', await checkAzure(context.azure, reading.config, places));

  const serviceDates: ObservedDate[] = [];
  const url = givenUrl ?? local?.baseUrl;
  if (url !== undefined) {
    const key = values.key ?? environment['WEIR_KEY'] ?? (local && chooseKey(local, reading.config));
    const observeDate = (observed: ObservedDate) => serviceDates.push(observed);
    report(`Service (${url})`, await checkService({ url, key, config: reading.config, observeDate }));
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

function readAzurePlaces(subscriptions: readonly string[], resourceGroup: string | null): AzurePlaces | null {
  const [first, ...more] = subscriptions;
  for (const id of subscriptions) {
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) continue;
    throw new CommandError('--subscription: only the id of a subscription is allowed: az account show --query id');
  }
  if (resourceGroup !== null && !/^[-\w.()]{1,90}$/.test(resourceGroup)) {
    throw new CommandError('--resource-group: only the name of a group is allowed, such as rg-weir-dev.');
  }
  if (first === undefined && resourceGroup !== null) {
    throw new CommandError('--resource-group needs --subscription: az account show --query id');
  }
  return first === undefined ? null : { subscriptions: [first, ...more], resourceGroup };
}

function nameConfiguration(place: string | null): string {
  if (place === null) return 'Configuration';
  return `Configuration (${place.startsWith('{') ? 'inline' : place})`;
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError('--url: only an address that begins with https:// (or http:// on this machine) is allowed.');
  }
  return text.replace(/\/+$/, '');
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
