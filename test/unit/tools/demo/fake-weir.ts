import type { Clock } from '../../../../src/core/clock.ts';
import type { Reply, WeirRequest } from '../../../../tools/demo/call-weir.ts';

interface FakeJob {
  readonly id: string;
  readonly team: string;
  readonly key: string;
  readonly metadata: Record<string, string>;
  readonly priority: string;
  readonly acceptedAtMs: number;
  readonly endsAtMs: number;
}

/** What goes wrong in a fake Weir; each is a fault that the demo has to survive or to report. */
export interface FakeFaults {
  /** Calls in this span of time meet a dead host. */
  deadFromMs?: number;
  deadUntilMs?: number;
  /** The answer to every n-th submission is lost after the job was made. */
  loseAnswerOfEvery?: number;
  /** The first submissions find a full queue. */
  fullQueueTimes?: number;
  /** Index of a job that is forgotten, fails, is made twice or has its usage row doubled. */
  forget?: number;
  failJob?: number;
  doubleJob?: number;
  doubleUsage?: number;
}

/** Time that moves only when somebody sleeps; everybody's sleep is served in order. */
export function createFakeClock(startMs: number): Clock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: async (durationMs) => {
      const untilMs = nowMs + Math.max(0, durationMs);
      await new Promise((resolve) => setImmediate(resolve));
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}

/** The jobs routes of Weir in memory, as the contract has them, with faults on demand. */
export function createFakeWeir(clock: Clock, faults: FakeFaults = {}) {
  const jobs: FakeJob[] = [];
  let submissions = 0;
  let refusals = 0;
  let openCalls = 0;
  const seen = { mostOpenCalls: 0, submissions: () => submissions };

  const isDead = () => clock.now() >= (faults.deadFromMs ?? Infinity) && clock.now() < (faults.deadUntilMs ?? 0);
  const reply = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
    kind: 'answered',
    status,
    body: JSON.parse(JSON.stringify(body)),
    headers: new Headers(headers),
    sentAtMs: clock.now(),
    receivedAtMs: clock.now(),
  });
  const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
    reply(status, { error: { message: `refused: ${code}`, type: 'x', code, param: null } }, headers);

  const attemptOf = (job: FakeJob) => ({
    number: 1,
    deployment: 'eastus',
    region: 'eastus',
    status_code: 200,
    started_at: (job.acceptedAtMs + 500) / 1000,
    latency_ms: 800,
    outcome: 'succeeded',
  });
  const describe = (job: FakeJob) => {
    const common = { id: job.id, priority: job.priority, metadata: job.metadata, created_at: job.acceptedAtMs / 1000 };
    if (clock.now() < job.endsAtMs) {
      return { ...common, status: 'queued', queue: { position: 1, estimated_start_at: job.endsAtMs / 1000 } };
    }
    const failed = jobs.indexOf(job) === faults.failJob;
    return {
      ...common,
      status: failed ? 'failed' : 'succeeded',
      error: failed ? { type: 'server_error', code: 'upstream_error', message: 'gave up' } : null,
      usage: { input_tokens: 100, output_tokens: 20 },
      cost: { usd: '0.000072' },
      attempts: [attemptOf(job)],
    };
  };

  function make(team: string, request: WeirRequest): FakeJob {
    const body = request.body as { priority: string; metadata: Record<string, string> };
    const acceptedAtMs = clock.now();
    const job = {
      id: `job_${jobs.length}`,
      team,
      key: request.headers?.['idempotency-key'] ?? '',
      metadata: body.metadata,
      priority: body.priority,
      acceptedAtMs,
      endsAtMs: acceptedAtMs + 1300 + (jobs.length % 7) * 400,
    };
    jobs.push(job);
    return job;
  }

  function submit(team: string, request: WeirRequest): Reply {
    submissions += 1;
    if (refusals < (faults.fullQueueTimes ?? 0)) {
      refusals += 1;
      return refuse(429, 'queue_full', { 'retry-after-ms': '700' });
    }
    const known = jobs.find((job) => job.key === request.headers?.['idempotency-key'] && job.team === team);
    const job = known ?? make(team, request);
    if (known === undefined && jobs.indexOf(job) === faults.doubleJob) make(team, request);
    if (known === undefined && submissions % (faults.loseAnswerOfEvery ?? Infinity) === 0) {
      return { kind: 'unreachable', reason: 'ECONNRESET' };
    }
    return reply(202, describe(job), known === undefined ? {} : { 'idempotent-replayed': 'true' });
  }

  function answer(team: string, request: WeirRequest): Reply {
    const url = new URL(request.path, 'http://weir');
    const own = jobs.filter((job) => job.team === team);
    const [, id, part] = /^\/jobs\/([^/]+)(\/events)?$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const job = own.find((one) => one.id === id);
      if (job === undefined || jobs.indexOf(job) === faults.forget) return refuse(404, 'not_found');
      if (part === undefined) return reply(200, describe(job));
      const at = (type: string, atMs: number) => ({ object: 'job.event', type, at: atMs / 1000 });
      return reply(200, { data: [at('accepted', job.acceptedAtMs), at('succeeded', job.endsAtMs)] });
    }
    if (url.pathname === '/jobs') {
      const after = url.searchParams.get('after');
      const newest = own.toReversed();
      const rest = newest.slice(newest.findIndex((job) => job.id === after) + 1);
      const page = rest.slice(0, 10);
      return reply(200, { data: page.map(describe), has_more: rest.length > 10, last_id: page.at(-1)?.id ?? null });
    }
    const [fromMs, toMs] = ['from', 'to'].map((name) => Date.parse(url.searchParams.get(name) ?? ''));
    const rows = own
      .filter((job) => job.endsAtMs >= (fromMs ?? 0) && job.endsAtMs < (toMs ?? 0))
      .flatMap((job) => (jobs.indexOf(job) === faults.doubleUsage ? [job, job] : [job]))
      .map((job) => ({
        job: job.id,
        attempt: 1,
        project: job.metadata['project'],
        input_tokens: 100,
        output_tokens: 20,
      }));
    return reply(200, { data: rows.slice(0, 10), has_more: rows.length > 10 });
  }

  async function call(_baseUrl: string, key: string, request: WeirRequest): Promise<Reply> {
    openCalls += 1;
    seen.mostOpenCalls = Math.max(seen.mostOpenCalls, openCalls);
    try {
      // A long poll holds its connection for a while.
      await clock.sleep(request.path.includes('wait=') ? 300 : 5);
      if (isDead()) return { kind: 'unreachable', reason: 'ECONNREFUSED' };
      const team = key.replace('key-of-', '');
      return request.method === 'POST' ? submit(team, request) : answer(team, request);
    } finally {
      openCalls -= 1;
    }
  }

  return { call, seen };
}
