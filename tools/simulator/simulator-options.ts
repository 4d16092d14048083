import { parseArgs } from 'node:util';
import { NO_LATENCY } from './latency.ts';
import { HINT_FORMS } from './refusal.ts';
import type { SimulatorOptions } from './start-simulator.ts';

/** What the command line asks for: help, a start, or something it does not understand. */
export type CommandLine =
  | { outcome: 'help' }
  | { outcome: 'start'; configFile: string | null; options: SimulatorOptions }
  | { outcome: 'refused'; message: string };

/** The text of `--help`. */
export const HELP = `Simulated Azure OpenAI: regional resources with quotas, 429s, latency and faults, on this machine.

  node tools/simulator/main.ts [options]

  --port N             port to listen on; 0 takes a free one (7072)
  --config FILE        a weir.config.json; its pools are simulated (./weir.config.json, else three built-in regions)
  --region-ports       also give every region a port of its own, without the region in the path
  --seed N             seed of answers, latency and fault draws (1)
  --time-scale X       run X times faster: latency, quota windows, hints and faults (1)
  --window KIND        sliding or fixed: how the token minute and the request slice move (sliding)
  --hints FORM         ${HINT_FORMS.join(', ')}: what 429s say about waiting (good)
  --fast               no latency
  --first-token-ms N   time to the first token (500)
  --token-ms N         time per further token (20)
  --embedding-ms N     time of an embeddings call (60)
  --jitter F           each request's latency varies by ± this share (0.2)
  --answer-tokens N    median length of answers when nobody asks for one (180)
  --unset-tokens N     output tokens charged when a request names no maximum (640)
  --key KEY            accept this key only (any)
  --help               this text

Faults, report and limits are at /_sim/… : see tools/simulator/README.md.
`;

/** Reads the command line; every number is checked. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({ args: [...args], options: ARGUMENTS, strict: true, allowPositionals: false });
    if (values.help) return { outcome: 'help' };
    const latency = {
      firstTokenMs: readNumber('first-token-ms', values['first-token-ms'], 0),
      tokenMs: readNumber('token-ms', values['token-ms'], 0),
      embeddingMs: readNumber('embedding-ms', values['embedding-ms'], 0),
      jitter: readNumber('jitter', values.jitter, 0, 1),
    };
    const options: SimulatorOptions = {
      port: readWhole('port', values.port, 0, 65_535),
      regionPorts: values['region-ports'],
      seed: readWhole('seed', values.seed, 0),
      timeScale: readNumber('time-scale', values['time-scale'], 0.001, 10_000),
      window: readChoice('window', values.window, ['sliding', 'fixed'] as const),
      hints: readChoice('hints', values.hints, HINT_FORMS),
      latency: values.fast ? NO_LATENCY : latency,
      length: { medianTokens: readWhole('answer-tokens', values['answer-tokens'], 1), sigma: 0.5 },
      outputTokensWhenUnset: readWhole('unset-tokens', values['unset-tokens'], 0),
      ...(values.key === undefined ? {} : { key: values.key }),
    };
    return { outcome: 'start', configFile: values.config ?? null, options };
  } catch (error) {
    return { outcome: 'refused', message: error instanceof Error ? error.message : String(error) };
  }
}

const ARGUMENTS = {
  port: { type: 'string', default: '7072' },
  config: { type: 'string' },
  'region-ports': { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  'time-scale': { type: 'string', default: '1' },
  window: { type: 'string', default: 'sliding' },
  hints: { type: 'string', default: 'good' },
  fast: { type: 'boolean', default: false },
  'first-token-ms': { type: 'string', default: '500' },
  'token-ms': { type: 'string', default: '20' },
  'embedding-ms': { type: 'string', default: '60' },
  jitter: { type: 'string', default: '0.2' },
  'answer-tokens': { type: 'string', default: '180' },
  'unset-tokens': { type: 'string', default: '640' },
  key: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function readNumber(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= least && value <= most))
    throw new Error(`--${name} ${text}: a number from ${least} to ${most} is expected.`);
  return value;
}

function readWhole(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = readNumber(name, text, least, most);
  if (!Number.isInteger(value)) throw new Error(`--${name} ${text}: a whole number is expected.`);
  return value;
}

function readChoice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new Error(`--${name} ${text}: one of ${choices.join(', ')} is expected.`);
  return choice;
}
