import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type DeploymentOutputs, readOutputs } from './deployed-model.ts';
import { type PublishOptions, publishConfig } from './publish-config.ts';
import { renderConfig } from './render-config.ts';

const usage = `Makes weir.config.json from a deployment's outputs and a teams file, and publishes it. Never touches keys.

  node tools/bootstrap.mjs tools/infra/make-config.ts --teams infra/env/dev.teams.json --outputs outputs.json [--out weir.config.json]
  node tools/bootstrap.mjs tools/infra/make-config.ts --teams infra/main.teams.json --outputs-from-environment --publish

  --teams FILE                everything of the configuration but the pools
  --outputs FILE              what az deployment sub show --query properties.outputs printed
  --outputs-from-environment  the variables that azd sets
  --out FILE                  write it here; without --out and --publish it is printed
  --publish                   put it into the storage account, signed in as az or azd is
  --if-none                   with --publish: only where there is no configuration yet
  --if-match ETAG             with --publish: only in place of this one (az storage blob show --query properties.etag)

A release's configuration is published after its package: an older package refuses fields that it does not know. Only the
very first is published before it (--if-none), as a package without a configuration waits for one.`;

const rolePauseMs = 15_000;

/** Reads, makes, writes and publishes as asked; returns the text for people. Throws with everything that is wrong. */
export async function runMakeConfig(args: string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const { values } = parseArgs({
    args,
    options: {
      teams: { type: 'string' },
      outputs: { type: 'string' },
      'outputs-from-environment': { type: 'boolean', default: false },
      out: { type: 'string' },
      publish: { type: 'boolean', default: false },
      'if-none': { type: 'boolean', default: false },
      'if-match': { type: 'string' },
    },
  });
  const conditions = { onlyIfNone: values['if-none'], onlyIf: readETag(values['if-match']) };
  const isConditional = conditions.onlyIfNone || conditions.onlyIf !== null;
  if (isConditional && (!values.publish || (conditions.onlyIfNone && conditions.onlyIf !== null)))
    throw new Error(usage);
  if (values.teams === undefined || (values.outputs !== undefined) === values['outputs-from-environment']) {
    throw new Error(usage);
  }
  const outputs = readOutputs(values.outputs === undefined ? environment : await readJson(values.outputs));
  const rendered = renderConfig(outputs.deployments, await readJson(values.teams));
  if (rendered.outcome === 'refused') throw new Error(`No configuration was made:\n${rendered.problems.join('\n')}`);
  if (values.out !== undefined) await writeFile(values.out, rendered.text);
  const published = values.publish ? await publish(outputs, rendered.text, conditions) : null;
  if (values.out === undefined && !values.publish) return rendered.text;
  if (published === 'kept') return `There is a configuration in ${outputs.configUrl} already: it stays.`;
  const places = [values.out, published === null ? undefined : outputs.configUrl];
  return `Configuration of ${outputs.deployments.length} deployments in ${places.filter(Boolean).join(' and ')}.`;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${path} is no JSON object.`);
  return { ...value };
}

type Conditions = Pick<PublishOptions, 'onlyIf' | 'onlyIfNone'>;

/** An empty ETag would be no condition at all: a step that read none must not publish. */
function readETag(given: string | undefined): string | null {
  if (given === undefined) return null;
  if (given.trim() === '')
    throw new Error('--if-match is empty: give the ETag of the configuration that may be replaced.');
  return given;
}

async function publish(
  outputs: DeploymentOutputs,
  text: string,
  conditions: Conditions,
): Promise<'published' | 'kept'> {
  const { AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential } = await import('@azure/identity');
  const { BlockBlobClient } = await import('@azure/storage-blob');
  const credential = new ChainedTokenCredential(new AzureCliCredential(), new AzureDeveloperCliCredential());
  const pause = async (attempt: number) => {
    if (attempt === 1) console.error('Storage does not know the role yet; trying again for up to ten minutes…');
    await new Promise((resolve) => setTimeout(resolve, rolePauseMs));
  };
  return publishConfig(new BlockBlobClient(outputs.configUrl, credential), text, { ...conditions, pause });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await runMakeConfig(process.argv.slice(2), process.env));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
