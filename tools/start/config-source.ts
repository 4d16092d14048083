import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import { LaunchError } from './launch-error.ts';
import { replaceFile } from './launch-state.ts';
import { listTeamIds, mergeTeamKeys, parseConfigText, rewriteEndpoints, selectAcceptedKeys } from './local-config.ts';
import { ensureTeamKeys, readTeamKeys, type TeamKeys } from './team-keys.ts';

/** What the app is given and what the launcher tells about it. */
export interface PreparedConfig {
  /** The value of WEIR_CONFIG. */
  setting: string;
  keys: TeamKeys;
  config: Record<string, unknown>;
}

/** Where the configuration comes from and what happens to it on the way. */
export interface ConfigSourceOptions {
  /** The file as it was named, with `--config` or by default. */
  file: string;
  /** Whether the local team keys are merged in. */
  mergeKeys: boolean;
  /** The `.weir` folder. */
  folder: string;
}

/** A configuration file that is prepared for the local run, and again whenever it changes. */
export class ConfigSource {
  readonly file: string;
  /** The file as people call it: from where they typed the command, or in full when it lies elsewhere. */
  readonly name: string;
  readonly #options: ConfigSourceOptions;

  constructor(options: ConfigSourceOptions) {
    this.file = resolve(options.file);
    const nearby = relative(process.env['INIT_CWD'] ?? process.cwd(), this.file);
    this.name = nearby.startsWith('..') ? this.file : nearby;
    this.#options = options;
    if (!existsSync(this.file)) throw new LaunchError(`There is no configuration file ${this.name}.`);
    // Fails here, before anything is started: a child that dies of it names one mistake of many.
    this.#read();
  }

  /** Writes `.weir/config.json` and names it; a file in which nothing is to be changed is given as it is. */
  prepare(simulatorUrl: string | null): PreparedConfig {
    const original = this.#read();
    const rewritten =
      simulatorUrl === null ? { config: original, changed: false } : rewriteEndpoints(original, simulatorUrl);
    if (!this.#options.mergeKeys) {
      const keys = selectAcceptedKeys(original, readTeamKeys(this.#options.folder));
      if (!rewritten.changed) return { setting: this.file, keys, config: original };
      return { setting: this.#write(rewritten.config), keys, config: rewritten.config };
    }
    const keys = ensureTeamKeys(this.#options.folder, listTeamIds(original));
    const config = mergeTeamKeys(rewritten.config, keys);
    return { setting: this.#write(config), keys, config };
  }

  /** Calls back after each change of the file, until the returned function is called. */
  watch(onChange: () => void): () => void {
    // Polled: editors replace files, and a watch on the old inode would hear nothing more.
    const listener = () => onChange();
    watchFile(this.file, { interval: 500, persistent: false }, listener);
    return () => unwatchFile(this.file, listener);
  }

  #read(): Record<string, unknown> {
    const text = readFileSync(this.file, 'utf8');
    const reading = parseConfig(text);
    if (reading.outcome === 'valid') return parseConfigText(text, this.name);
    const { problems } = reading;
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    const lines = describeProblems(problems).replace(/^/gm, '  ');
    throw new LaunchError(`${this.name} has ${count}:\n${lines}`);
  }

  #write(config: Record<string, unknown>): string {
    const target = join(this.#options.folder, 'config.json');
    replaceFile(target, `${JSON.stringify(config, null, 2)}\n`);
    return target;
  }
}
