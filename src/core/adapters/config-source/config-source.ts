import type { WeirConfig } from '../../config/config-schema.ts';
import type { ConfigSource } from '../../config/config-source.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import { describeProblems } from '../../config/describe-problems.ts';
import { notYetInForce } from '../../config/not-yet-in-force.ts';
import { parseConfig } from '../../config/parse-config.ts';
import { findUnpricedPools } from '../../cost/price-usage.ts';
import { type IssuedKey, mergeKeys, parseKeysDocument } from '../../identity/keys-document.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { locateDocument, type ReadBlob } from './read-document.ts';
import { type DocumentChange, type Parse, WatchedDocument } from './watched-document.ts';

export interface ConfigSourceOptions {
  /** `WEIR_CONFIG`: file, inline JSON or `blob:<container>/<name>`. */
  readonly setting: string;
  /** `WEIR_KEYS`, in the same forms; null when only the configuration's own keys count. */
  readonly keysSetting: string | null;
  readonly readBlob: ReadBlob;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Builds the configuration source; see the port. The keys document may be missing: then nobody has been issued a key. */
export function makeConfigSource(options: ConfigSourceOptions): ConfigSource {
  return new WatchedConfig(options);
}

class WatchedConfig implements ConfigSource {
  readonly #options: ConfigSourceOptions;
  readonly #config: WatchedDocument<WeirConfig>;
  readonly #keys: WatchedDocument<readonly IssuedKey[]> | null;
  readonly #timers = new Set<NodeJS.Timeout>();
  #ownConfig: WeirConfig | null = null;
  #issuedKeys: readonly IssuedKey[] = [];
  #current: WeirConfig | null = null;
  #isStopped = false;

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
    this.#config = watch('WEIR_CONFIG', options.setting, options.readBlob, parseConfigText);
    this.#keys =
      options.keysSetting === null ? null : watch('WEIR_KEYS', options.keysSetting, options.readBlob, parseKeysText);
  }

  current(): WeirConfig {
    if (this.#current === null) throw new Error('The configuration was asked for before it was loaded.');
    return this.#current;
  }

  async start(): Promise<void> {
    const [config, keys] = await Promise.all([this.#config.look(), this.#keys?.look()]);
    // What was read well is kept: the next try is not told of it again.
    this.#keep(config, keys);
    const failures = [config, keys].filter((change) => change?.outcome === 'failed').map((change) => change.message);
    if (failures.length > 0) throw new ConfigurationError(failures.join('\n'));
    this.#putInForce();
    if (this.#ownConfig !== null) this.#tellLimits(this.#ownConfig);
    this.#repeat(this.#config.pollMs, async () => this.#reload(await this.#config.look(), undefined));
    const watchedKeys = this.#keys;
    if (watchedKeys === null) return;
    this.#repeat(watchedKeys.pollMs, async () => this.#reload(undefined, await watchedKeys.look()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #reload(
    config: DocumentChange<WeirConfig> | undefined,
    keys: DocumentChange<readonly IssuedKey[]> | undefined,
  ): void {
    const change = config ?? keys;
    if (change?.outcome === 'changed') {
      this.#keep(config, keys);
      this.#putInForce();
      if (config?.outcome === 'changed') this.#tellLimits(config.value);
      this.#notice(
        'info',
        'config_reloaded',
        config === undefined ? 'Team keys were re-read.' : 'The configuration was re-read.',
      );
    } else if (change?.outcome === 'failed' && change.isNew) {
      this.#notice('error', 'config_reload_failed', `The last good one stays in force. ${change.message}`);
    }
  }

  #keep(config: DocumentChange<WeirConfig> | undefined, keys: DocumentChange<readonly IssuedKey[]> | undefined): void {
    if (config?.outcome === 'changed') this.#ownConfig = config.value;
    if (keys?.outcome === 'changed') this.#issuedKeys = keys.value;
  }

  #putInForce(): void {
    if (this.#ownConfig !== null) this.#current = mergeKeys(this.#ownConfig, this.#issuedKeys);
  }

  #tellLimits(config: WeirConfig): void {
    for (const sentence of notYetInForce(config)) this.#notice('info', 'setting_not_in_force', sentence);
    for (const model of findUnpricedPools(config, this.#options.now())) {
      const message = `No price is known for ${model}; it is priced as ${config.prices.fallback} (prices.fallback).`;
      this.#notice('warning', 'unpriced_model', message);
    }
  }

  #notice(level: 'info' | 'warning' | 'error', name: string, message: string): void {
    this.#options.telemetry.track({ type: 'notice', atMs: this.#options.now(), level, name, message, fields: {} });
  }

  /** Looks again after each pause; a look that takes long delays the next one instead of meeting it. */
  #repeat(pollMs: number | null, look: () => Promise<void>): void {
    if (pollMs === null || this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void look().finally(() => this.#repeat(pollMs, look));
    }, pollMs);
    timer.unref();
    this.#timers.add(timer);
  }
}

function watch<T>(name: string, setting: string, readBlob: ReadBlob, parse: Parse<T>): WatchedDocument<T> {
  try {
    const place = locateDocument(setting, readBlob);
    return new WatchedDocument({ ...place, name: `${name} (${place.name})` }, parse);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : 'names no document'}`);
  }
}

const parseConfigText: Parse<WeirConfig> = (text) => {
  if (text === null) return { message: 'there is no such document' };
  const reading = parseConfig(text);
  return reading.outcome === 'valid'
    ? { value: reading.config }
    : { message: `invalid:\n${describeProblems(reading.problems)}` };
};

const parseKeysText: Parse<readonly IssuedKey[]> = (text) => {
  if (text === null) return { value: [] };
  const reading = parseKeysDocument(text);
  return reading.outcome === 'valid'
    ? { value: reading.keys }
    : { message: `invalid:\n${describeProblems(reading.problems)}` };
};
