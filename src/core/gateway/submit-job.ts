import { budgetPeriodAt, nextResetAtMs } from '../budgets/budget-period.ts';
import { formatUsd } from '../budgets/money.ts';
import type { PoolConfig, TeamConfig } from '../config/config-schema.ts';
import { findPool, findTeam } from '../config/find-deployment.ts';
import type { JobView } from '../http/job-resource.ts';
import { canonicalSubmission, type JobSubmission } from '../http/parse-job-submission.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Content } from '../jobs/content.ts';
import type { Job, JobDraft } from '../jobs/job.ts';
import { makeJobId } from '../jobs/job-id.ts';
import { openLiveJob } from '../jobs/move-live-job.ts';
import { findFallback } from '../routing/find-fallback.ts';
import { estimateRequest } from '../tokens/estimate-request.ts';
import { learnOutputCap } from '../tokens/learn-output-cap.ts';
import { awaitPlace, refuseIfFull } from './await-place.ts';
import type { Admission } from './census.ts';
import { checkFits, withFittingRerun } from './check-fits.ts';
import { findReplay } from './find-replay.ts';
import { holdFor } from './money-orders.ts';
import type { Ports } from './ports.ts';
import { priceEstimate } from './price-attempt.ts';
import { viewLive } from './read-job.ts';
import { wakeJob } from './wake-job.ts';

export interface Submitted {
  readonly view: JobView;
  /** The same key was submitted before with the same body: this is that job. */
  readonly isReplay: boolean;
}

/**
 * Accepts a job: what it may cost is held, the job is on record and 202 is a promise before anything is queued. The
 * wake-up comes after; if the queue is away the sweep sends it. Throws WeirError for every refusal of design §4.5.
 */
export async function submitJob(
  ports: Ports,
  principal: Principal,
  submission: JobSubmission,
  traceparent: string,
): Promise<Submitted> {
  const { team, pool } = requireModel(ports, principal, submission);
  const fingerprint = ports.sha256(canonicalSubmission(submission));
  const keySha256 = submission.idempotencyKey === null ? null : ports.sha256(submission.idempotencyKey);
  const replay = await findReplay(ports, team.id, keySha256, fingerprint);
  if (replay !== null) return { view: replay, isReplay: true };

  if (submission.waitSeconds === 0) await refuseIfFull(ports, { team, ...submission });
  const draft = await draftJob(ports, { team, pool }, submission, { fingerprint, keySha256, traceparent });
  checkFits({ config: ports.config.current(), pool, team, lane: draft.lane }, draft.estimate);
  const place = await awaitPlace(ports, team, draft, submission.waitSeconds * 1000);
  try {
    return await acceptJob(ports, team, draft, submission, place);
  } finally {
    place.withdraw();
  }
}

/** Puts the job on record and sends its first wake-up. */
async function acceptJob(
  ports: Ports,
  team: TeamConfig,
  draft: JobDraft,
  submission: JobSubmission,
  place: Admission,
): Promise<Submitted> {
  await ports.live.registerTeam(team.id);
  const job: Job = { ...draft, request: await keepRequest(ports, draft, submission) };
  const live = openLiveJob(job);
  const result = await ports.writer.submit(team.id, {
    change: { kind: 'accept', job, live },
    period: job.budgetPeriod,
    decideMoney: holdFor(team, job.holdNanoUsd),
  });
  if (result.outcome !== 'applied') await discard(ports, job);
  switch (result.outcome) {
    case 'applied':
      place.confirm();
      await wakeJob(ports, job.lane, { team: team.id, job: job.id }, 0);
      return { view: await viewLive(ports, job, live), isReplay: false };
    case 'refused':
      throw budgetExceeded(team, job, result, ports.clock.now());
    case 'rejected': {
      // Somebody submitted the same key a moment earlier.
      const first = await findReplay(ports, team.id, draft.idempotencyKeySha256, draft.fingerprint);
      if (first !== null) return { view: first, isReplay: true };
      throw new WeirError('storage_unavailable', 'The job could not be put on record; try again.', {
        retryAfterMs: 1000,
      });
    }
  }
}

function requireModel(
  ports: Ports,
  principal: Principal,
  { model, endpoint }: JobSubmission,
): { team: TeamConfig; pool: PoolConfig } {
  const config = ports.config.current();
  const team = findTeam(config, principal.team);
  if (team === null) throw new WeirError('forbidden', 'Your team is no longer configured. Ask your platform team.');
  const pool = findPool(config, model);
  if (pool === null) {
    const known = config.pools.map((pool) => pool.model).filter((name) => team.models.includes(name));
    throw new WeirError(
      'model_not_found',
      `There is no such model. Your team may use: ${known.join(', ') || 'none yet'}.`,
      {
        param: 'body.model',
      },
    );
  }
  if (!team.models.includes(model)) {
    const message = `Your team may not use ${model}; it may use: ${team.models.join(', ') || 'none yet'}. Ask your platform team.`;
    throw new WeirError('model_not_allowed', message, { param: 'body.model' });
  }
  if (!pool.endpoints.includes(endpoint)) {
    const able = config.pools.filter((other) => other.endpoints.includes(endpoint)).map((other) => other.model);
    const usable = able.filter((name) => team.models.includes(name)).join(', ');
    const message =
      `received ${endpoint} for ${model}, which serves ${pool.endpoints.join(' and ')} only; use one of these, ` +
      (usable === ''
        ? `or ask your platform team for a model that serves ${endpoint}.`
        : `or a model that serves ${endpoint}: ${usable}.`);
    throw new WeirError('invalid_request', message, { param: 'endpoint' });
  }
  return { team, pool };
}

async function draftJob(
  ports: Ports,
  { team, pool }: { team: TeamConfig; pool: PoolConfig },
  submission: JobSubmission,
  facts: { fingerprint: string; keySha256: string | null; traceparent: string },
): Promise<JobDraft> {
  const { endpoint, body, model, lane, metadata } = submission;
  const config = ports.config.current();
  const countTokens = await ports.tokenCounter.load(model);
  const { maxOutputTokens } = config.limits;
  const answers = await ports.answers.read(team.id, { model, endpoint });
  const learnedOutputCap = learnOutputCap(
    answers.map(({ outputTokens }) => outputTokens),
    maxOutputTokens,
  );
  const estimate = withFittingRerun(
    { config, pool, team, lane },
    estimateRequest({ endpoint, body, model, countTokens, maxOutputTokens, learnedOutputCap }),
  );
  const createdAtMs = ports.clock.now();
  const price = priceEstimate(config, pool, estimate, createdAtMs);
  const fallback = findFallback(config, { team: team.id, model, endpoint });
  const fallbackHold = fallback === null ? 0 : priceEstimate(config, fallback, estimate, createdAtMs).holdNanoUsd;
  return {
    id: makeJobId(createdAtMs, ports.random),
    team: team.id,
    endpoint,
    model,
    lane,
    createdAtMs,
    deadlineAtMs: createdAtMs + submission.deadlineSeconds * 1000,
    metadata,
    fingerprint: facts.fingerprint,
    idempotencyKeySha256: facts.keySha256,
    estimate,
    estimateNanoUsd: price.estimateNanoUsd,
    // The fallback may be the dearer model.
    holdNanoUsd: Math.max(price.holdNanoUsd, fallbackHold),
    budgetPeriod: budgetPeriodAt(createdAtMs, team.budget?.timeZone ?? 'Etc/UTC'),
    traceparent: facts.traceparent,
    end: null,
  };
}

/** Written only once a place is free: what is refused at the door leaves nothing behind. */
function keepRequest(ports: Ports, draft: JobDraft, { body }: JobSubmission): Promise<Content> {
  return ports.contents.keep(draft.team, draft.id, 'request', JSON.stringify(body));
}

/** A refused job leaves no content behind. */
async function discard(ports: Ports, job: Job): Promise<void> {
  if (job.request.kind === 'blob') await ports.contents.erase(job.team, job.id);
}

function budgetExceeded(
  team: TeamConfig,
  job: Job,
  refusal: { spentNanoUsd: number; heldNanoUsd: number; limitNanoUsd: number },
  nowMs: number,
): WeirError {
  const resetAtMs = nextResetAtMs(nowMs, team.budget?.timeZone ?? 'Etc/UTC');
  return new WeirError(
    'budget_exceeded',
    `This request may cost up to ${formatUsd(job.holdNanoUsd)} USD. Of this month's budget of ${formatUsd(refusal.limitNanoUsd)} USD, ` +
      `${formatUsd(refusal.spentNanoUsd)} are spent and ${formatUsd(refusal.heldNanoUsd)} are held for jobs under way. ` +
      'Ask for less output, wait for jobs to end, or ask your platform team to raise the budget.',
    { resetAtMs },
  );
}
