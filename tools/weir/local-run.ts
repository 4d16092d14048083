import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { readRunFile } from '../demo/locate-weir.ts';
import type { Environment } from './document-places.ts';

/** A Weir that `npm start` runs on this machine: what the doctor would otherwise have to be told. */
export interface LocalRun {
  readonly baseUrl: string;
  /** Team keys by team. */
  readonly keys: Readonly<Record<string, string>>;
  readonly storageConnectionString: string;
  /** The value of WEIR_CONFIG that its app was given. */
  readonly configSetting: string;
}

const moreSchema = z.object({ storageConnectionString: z.string(), configSetting: z.string().optional() });

/** Reads the run that `.weir/run.json` in the root tells of; null when none runs. */
export function readLocalRun(root: string): LocalRun | null {
  const folder = join(root, '.weir');
  const file = join(folder, 'run.json');
  const location = readRunFile(file);
  if (location === null) return null;
  const { data } = moreSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (data === undefined) return null;
  const written = join(folder, 'config.json');
  const configSetting = data.configSetting ?? (existsSync(written) ? written : 'weir.config.json');
  return { ...location, storageConnectionString: data.storageConnectionString, configSetting };
}

/** Whether the doctor is asked about this run: by its address, or because nothing else is named. */
export function isMeant(
  run: LocalRun,
  named: {
    readonly url?: string | undefined;
    readonly config?: string | undefined;
    readonly account?: string | undefined;
  },
  environment: Environment,
): boolean {
  if (named.url !== undefined) {
    const url = URL.parse(named.url);
    const isHere = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
    return isHere && url.port === URL.parse(run.baseUrl)?.port;
  }
  const settings = Object.keys(environment).some((name) => /^(WEIR_CONFIG|AzureWebJobsStorage.*)$/.test(name));
  return named.config === undefined && named.account === undefined && !settings;
}

/** The key to ask with: an operator's, who sees every deployment, else any. */
export function chooseKey(run: LocalRun, config: WeirConfig | null): string | null {
  const operator = config?.teams.find((team) => team.role === 'operator' && run.keys[team.id] !== undefined);
  return (operator && run.keys[operator.id]) ?? Object.values(run.keys)[0] ?? null;
}
