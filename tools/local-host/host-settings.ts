import { availableParallelism } from 'node:os';
import { HostError } from './host-error.ts';
import { parseTimeSpanMs } from './time-span.ts';

/** `extensions.queues` of host.json, times in milliseconds. */
export interface QueueSettings {
  batchSize: number;
  newBatchThreshold: number;
  maxPollingIntervalMs: number;
  /** The delay after a failed attempt only; a message in work is held by its own lease. */
  visibilityTimeoutMs: number;
  maxDequeueCount: number;
  messageEncoding: 'base64' | 'none';
}

/** What the local host obeys of host.json. */
export interface HostSettings {
  routePrefix: string;
  /** Added to every answer that does not have them already; names in lower case. */
  customHeaders: ReadonlyMap<string, string>;
  queues: QueueSettings;
  /** Undefined when invocations may run for ever (`-1`). */
  functionTimeoutMs: number | undefined;
}

const overridePrefix = 'AzureFunctionsJobHost__';

/**
 * The settings in force: the text of host.json, over it what `AzureFunctionsJobHost__a__b` in the environment says.
 * Names are matched without regard to case, as .NET does. Throws a HostError that names every value out of range.
 */
export function readHostSettings(hostJson: string, environment: Record<string, string | undefined>): HostSettings {
  const reader = new SettingsReader(flatten(parseHostJson(hostJson)));
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.toLowerCase().startsWith(overridePrefix.toLowerCase())) continue;
    reader.override(name.slice(overridePrefix.length).replaceAll('__', ':'), value);
  }
  if (reader.text('version', '') !== '2.0') reader.problem('version must be "2.0"');
  const queue = (name: string) => `extensions:queues:${name}`;
  const batchSize = reader.integer(queue('batchSize'), 16, 1, 32);
  const settings: HostSettings = {
    routePrefix: reader.text('extensions:http:routePrefix', 'api').replace(/^\/+|\/+$/g, ''),
    customHeaders: reader.children('extensions:http:customHeaders'),
    functionTimeoutMs: reader.timeout('functionTimeout', 30 * 60 * 1000),
    queues: {
      batchSize,
      newBatchThreshold: reader.integer(
        queue('newBatchThreshold'),
        Math.floor(batchSize / 2) * availableParallelism(),
        0,
        1000,
      ),
      // A minute on Azure; the real host polls every two seconds where AZURE_FUNCTIONS_ENVIRONMENT is Development.
      maxPollingIntervalMs: reader.timeSpan(queue('maxPollingInterval'), 2000, 100),
      visibilityTimeoutMs: reader.timeSpan(queue('visibilityTimeout'), 0, 0),
      maxDequeueCount: reader.integer(queue('maxDequeueCount'), 5, 1, 1_000_000),
      messageEncoding: reader.text(queue('messageEncoding'), 'base64').toLowerCase() === 'none' ? 'none' : 'base64',
    },
  };
  reader.throwProblems();
  return settings;
}

function parseHostJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HostError(`host.json is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function flatten(value: unknown, path = ''): Map<string, string> {
  const flat = new Map<string, string>();
  if (typeof value !== 'object' || value === null) {
    flat.set(path.toLowerCase(), String(value));
    return flat;
  }
  for (const [name, inner] of Object.entries(value)) {
    for (const entry of flatten(inner, path === '' ? name : `${path}:${name}`)) flat.set(...entry);
  }
  return flat;
}

class SettingsReader {
  readonly #values: Map<string, string>;
  readonly #problems: string[] = [];

  constructor(values: Map<string, string>) {
    this.#values = values;
  }

  override(path: string, value: string): void {
    this.#values.set(path.toLowerCase(), value);
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  text(path: string, fallback: string): string {
    return this.#values.get(path.toLowerCase()) ?? fallback;
  }

  /** Everything one level below a path, by its name in lower case. */
  children(path: string): ReadonlyMap<string, string> {
    const prefix = `${path.toLowerCase()}:`;
    const found = [...this.#values].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
  }

  integer(path: string, fallback: number, least: number, most: number): number {
    const text = this.text(path, String(fallback));
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    this.problem(`${path} is ${text}: a whole number from ${least} to ${most} is allowed`);
    return fallback;
  }

  timeSpan(path: string, fallbackMs: number, leastMs: number): number {
    const text = this.#values.get(path.toLowerCase());
    if (text === undefined) return fallbackMs;
    const value = parseTimeSpanMs(text);
    if (value !== undefined && value >= leastMs) return value;
    this.problem(`${path} is "${text}": a time such as "00:00:02" of at least ${leastMs} ms is allowed`);
    return fallbackMs;
  }

  timeout(path: string, fallbackMs: number): number | undefined {
    return this.text(path, '') === '-1' ? undefined : this.timeSpan(path, fallbackMs, 1000);
  }

  throwProblems(): void {
    if (this.#problems.length === 0) return;
    throw new HostError(`host.json cannot be used:\n${this.#problems.map((text) => `  - ${text}`).join('\n')}`);
  }
}
