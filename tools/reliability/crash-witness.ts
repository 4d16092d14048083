import type { CrashMoment } from './crash-point.ts';

/** One HTTP exchange of a worker, as it is known when the request is complete or the answer has come whole. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly header: (name: string) => string | null;
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

interface TableRow {
  readonly PartitionKey?: string;
  readonly RowKey?: string;
  readonly state?: string;
  readonly end0?: string;
  readonly live0?: string;
}

/**
 * Tells from what a worker sends and gets where it is in a job's life. It knows the wire alone: tables, blobs and queues as
 * Weir lays them out, and the headers of its upstream calls. Bookings are told by the claim that follows them.
 */
export class CrashWitness {
  /** `job#attempt` of claims that are written: a later write of the same attempt renews its lease. */
  readonly #claimed = new Set<string>();
  readonly #committed = new Set<string>();
  /** Job of each message that was received, by message id. */
  readonly #messages = new Map<string, string>();

  /** The moment before a request leaves; null when it is none. */
  beforeSending(request: WireRequest): CrashMoment | null {
    const [claim] = this.#findClaims(request);
    if (claim !== undefined) return { ...claim, point: 'afterBooking' };
    const message = /^\/[^/]+\/jobs-[a-z]+\/messages\/([^?]+)/.exec(request.path)?.[1];
    if (request.method !== 'DELETE' || message === undefined) return null;
    const job = this.#messages.get(decodeURIComponent(message));
    // Messages of jobs that were parked are deleted too; what counts here is the end of a job.
    return job !== undefined && this.#committed.has(job) ? { point: 'beforeDelete', job, attempt: null } : null;
  }

  /** The moment when an answer has come and nobody has seen it yet; null when it is none. */
  afterAnswer(request: WireRequest, answer: WireAnswer): CrashMoment | null {
    if (answer.status >= 300) return null;
    this.#noteMessages(request, answer);
    const called = request.header('x-weir-job');
    if (called !== null) return { point: 'afterCall', job: called, attempt: Number(request.header('x-weir-attempt')) };
    const blob = /^\/[^/]+\/content\/[^/]+\/([^/]+)\/answer-(\d+)/.exec(decodeURIComponent(request.path));
    if (request.method === 'PUT' && blob?.[1] !== undefined)
      return { point: 'afterBlob', job: blob[1], attempt: Number(blob[2]) };
    // A transaction answers 202 and says inside whether it was applied.
    if (/HTTP\/1\.1 [45]\d\d/.test(answer.body)) return null;
    // Writes of several jobs of a team share a transaction; the first stands for them.
    const claims = this.#findClaims(request);
    for (const { job, attempt } of claims) this.#claimed.add(`${job}#${attempt}`);
    if (claims[0] !== undefined) return { ...claims[0], point: 'afterClaim' };
    const ended = readRows(request).flatMap(({ RowKey, end0 }) => (end0 === undefined ? [] : readJobId(RowKey, 'job')));
    for (const job of ended) this.#committed.add(job);
    return ended[0] === undefined ? null : { point: 'afterCommit', job: ended[0], attempt: null };
  }

  #findClaims(request: WireRequest): readonly { readonly job: string; readonly attempt: number }[] {
    return readRows(request).flatMap(({ RowKey, state, live0 }) => {
      const [job] = readJobId(RowKey, 'live');
      if (state !== 'running' || live0 === undefined || job === undefined) return [];
      const attempt = Number(/"attempt":(\d+)/.exec(live0)?.[1]);
      return this.#claimed.has(`${job}#${attempt}`) ? [] : [{ job, attempt }];
    });
  }

  #noteMessages(request: WireRequest, answer: WireAnswer): void {
    if (request.method !== 'GET' || !/^\/[^/]+\/jobs-[a-z]+\/messages\?/.test(request.path)) return;
    const messages = /<MessageId>([^<]+)<\/MessageId>.*?<MessageText>([^<]*)<\/MessageText>/gs;
    for (const [, id, text] of answer.body.matchAll(messages)) {
      const job = /"job":"([^"]+)"/.exec(Buffer.from(text ?? '', 'base64').toString())?.[1];
      if (id !== undefined && job !== undefined) this.#messages.set(id, job);
    }
  }
}

/** The rows that a table transaction writes: each is a line of JSON in the batch. */
function readRows({ method, path, body }: WireRequest): readonly TableRow[] {
  if (method !== 'POST' || !/^\/[^/]+\/\$batch/.test(path)) return [];
  const rows = body.split('\n').flatMap((line): TableRow[] => (line.startsWith('{') ? [JSON.parse(line)] : []));
  // Probes are jobs of a team of their own: no caller waits for them.
  return rows.filter(({ PartitionKey }) => PartitionKey?.startsWith('~') !== true);
}

function readJobId(rowKey: string | undefined, kind: 'job' | 'live'): readonly string[] {
  return rowKey?.startsWith(`${kind}|`) === true ? [rowKey.slice(kind.length + 1)] : [];
}
