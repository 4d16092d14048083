import { BicepSession } from './bicep-session.ts';
import { type CompiledEnvironment, compileEnvironment, supposeInstallation } from './compile-environment.ts';

/** What leads to Azure: storage and telemetry. */
const leadingAway = /^(AzureWebJobsStorage|APPLICATIONINSIGHTS_)/;

/** The settings of prod as the templates write them, for a run on this machine: without storage and telemetry. */
export async function readLocalProductionSettings(): Promise<Readonly<Record<string, string>>> {
  const session = await BicepSession.open(supposeInstallation(process.env));
  try {
    const settings = readWrittenSettings(await compileEnvironment(session, 'env/prod.bicepparam'));
    return Object.fromEntries(Object.entries(settings).filter(([name]) => !leadingAway.test(name)));
  } finally {
    session.close();
  }
}

/** What `environment()` says of a cloud in a template. */
export interface Cloud {
  readonly name: string;
  readonly storageSuffix: string;
}

const publicCloud: Cloud = { name: 'AzureCloud', storageSuffix: 'core.windows.net' };

/**
 * The app settings that the templates would write for an environment, by name, in Azure's public cloud or another. What
 * exists only after a deployment (addresses, ids) stays an expression, in brackets.
 */
export function readWrittenSettings(
  compiled: CompiledEnvironment,
  cloud: Cloud = publicCloud,
): Readonly<Record<string, string>> {
  const documents = compiled.resources.filter(
    ({ type, name }) => type === 'Microsoft.Web/sites/config' && String(name).endsWith('/appsettings'),
  );
  const properties = documents[0]?.['properties'];
  if (documents.length !== 1 || typeof properties !== 'object' || properties === null) {
    throw new Error(`The templates write ${documents.length} documents of app settings, not one.`);
  }
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, inCloud(value, cloud)]));
}

/** What an expression about the cloud gives in one: predictions leave `environment()` unanswered. Others stay as they are. */
export function inCloud(value: unknown, cloud: Cloud = publicCloud): string {
  const text = String(value);
  const format = /^\[format\('([^']*)', (?:'([^']*)', )?environment\(\)\.suffixes\.storage\)\]$/.exec(text);
  if (format !== null) {
    const [, pattern = '', given] = format;
    const values = given === undefined ? [cloud.storageSuffix] : [given, cloud.storageSuffix];
    return values.reduce((filled, value, index) => filled.replaceAll(`{${index}}`, value), pattern);
  }
  const choice = /^\[if\(equals\(environment\(\)\.name, '([^']*)'\), '([^']*)', '([^']*)'\)\]$/.exec(text);
  if (choice === null) return text;
  return String(choice[1] === cloud.name ? choice[2] : choice[3]);
}
