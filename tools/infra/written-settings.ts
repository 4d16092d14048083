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

/**
 * The app settings that the templates would write for an environment, by name. What only Azure's public cloud answers is
 * filled in; what exists only after a deployment (addresses, ids) stays an expression, in brackets.
 */
export function readWrittenSettings(compiled: CompiledEnvironment): Readonly<Record<string, string>> {
  const documents = compiled.resources.filter(
    ({ type, name }) => type === 'Microsoft.Web/sites/config' && String(name).endsWith('/appsettings'),
  );
  const properties = documents[0]?.['properties'];
  if (documents.length !== 1 || typeof properties !== 'object' || properties === null) {
    throw new Error(`The templates write ${documents.length} documents of app settings, not one.`);
  }
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, inPublicCloud(value)]));
}

/** What an expression about the cloud gives in Azure's public one: predictions leave `environment()` unanswered. */
export function inPublicCloud(value: unknown): string {
  const text = String(value);
  const storage = /^\[format\('([^']*)\{0\}', environment\(\)\.suffixes\.storage\)\]$/.exec(text);
  if (storage !== null) return `${storage[1]}core.windows.net`;
  const choice = /^\[if\(equals\(environment\(\)\.name, 'AzureUSGovernment'\), '[^']*', '([^']*)'\)\]$/.exec(text);
  return choice?.[1] ?? text;
}
