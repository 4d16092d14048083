import { parseArgs } from 'node:util';
import { lanes } from '../../src/core/jobs/job.ts';
import type { LaneMix } from './plan-jobs.ts';

export interface DemoOptions {
  readonly jobs: number;
  /** Where Weir runs; null = as `.weir/run.json` says, read again whenever Weir cannot be reached. */
  readonly url: string | null;
  /** Team keys given by hand; empty = those of `.weir/run.json`. */
  readonly keys: Readonly<Record<string, string>>;
  readonly laneMix: LaneMix;
  readonly timeoutMs: number;
  /** How long Weir may be away at a stretch. */
  readonly patienceMs: number;
  readonly chatModel: string;
  readonly embeddingModel: string;
}

export type OptionsReading =
  | { readonly outcome: 'run'; readonly options: DemoOptions }
  | { readonly outcome: 'help' }
  | { readonly outcome: 'invalid'; readonly message: string };

export const usage = `npm run demo -- [options]
Sends real-life prompts from two teams through the running Weir and shows that nothing was lost.

  --jobs N               jobs to send (320)
  --lane MIX             proportions, such as interactive=2,standard=5,bulk=3 (that is the default)
  --timeout SECONDS      give up after this long (900)
  --patience SECONDS     how long the host may be away at a stretch (180)
  --url URL              a Weir elsewhere, instead of what .weir/run.json says
  --key TEAM=KEY         a team and its key; repeat it for two teams (default: the first two of .weir/run.json)
  --model NAME           chat model (gpt-4.1-mini)
  --embedding-model NAME embeddings model (text-embedding-3-small)
  --help                 this text

Exit code: 0 when every job succeeded and every check passed, 1 otherwise.`;

const flags = {
  jobs: { type: 'string', default: '320' },
  lane: { type: 'string', default: 'interactive=2,standard=5,bulk=3' },
  timeout: { type: 'string', default: '900' },
  patience: { type: 'string', default: '180' },
  url: { type: 'string' },
  key: { type: 'string', multiple: true },
  model: { type: 'string', default: 'gpt-4.1-mini' },
  'embedding-model': { type: 'string', default: 'text-embedding-3-small' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the command line; what it does not understand is refused with one sentence. */
export function readOptions(args: readonly string[]): OptionsReading {
  try {
    const { values } = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false });
    if (values.help) return { outcome: 'help' };
    const keys = readKeys(values.key ?? []);
    if (values.url !== undefined && Object.keys(keys).length === 0) refuse('--url needs at least one --key TEAM=KEY.');
    return {
      outcome: 'run',
      options: {
        jobs: readCount('--jobs', values.jobs, 100_000),
        url: values.url === undefined ? null : readUrl(values.url),
        keys,
        laneMix: readLaneMix(values.lane),
        timeoutMs: readCount('--timeout', values.timeout, 86_400) * 1000,
        patienceMs: readCount('--patience', values.patience, 86_400) * 1000,
        chatModel: values.model,
        embeddingModel: values['embedding-model'],
      },
    };
  } catch (error) {
    return { outcome: 'invalid', message: error instanceof Error ? error.message : String(error) };
  }
}

function readCount(flag: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most)
    refuse(`${flag}: received "${text}", only a whole number from 1 to ${most} is allowed.`);
  return value;
}

function readUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    refuse(`--url: received "${text}", only an address that begins with http:// or https:// is allowed.`);
  }
  return text.replace(/\/+$/, '');
}

function readKeys(pairs: readonly string[]): Record<string, string> {
  const keys = pairs.map((pair) => {
    const at = pair.indexOf('=');
    // The text may hold a key: it is not repeated.
    if (at < 1 || at === pair.length - 1) refuse('--key: only TEAM=KEY is allowed.');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(keys);
}

function readLaneMix(text: string): LaneMix {
  const mix = { interactive: 0, standard: 0, bulk: 0 };
  for (const part of text.split(',')) {
    const [name, share] = part.split('=');
    const lane = lanes.find((known) => known === name?.trim());
    if (lane === undefined || share === undefined || !/^\d{1,3}$/.test(share.trim())) {
      refuse(
        `--lane: received "${text}", only ${lanes.join(', ')} with whole numbers are allowed, as in bulk=3,standard=1.`,
      );
    } else mix[lane] = Number(share);
  }
  if (lanes.every((lane) => mix[lane] === 0)) refuse('--lane: at least one lane needs a number above 0.');
  return mix;
}

function refuse(message: string): never {
  throw new Error(message);
}
