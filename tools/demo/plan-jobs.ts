import { type Lane, lanes } from '../../src/core/jobs/job.ts';
import type { Prompt } from './prompt.ts';

/** How many of every few jobs go to which lane; a lane with 0 gets none. */
export type LaneMix = Readonly<Record<Lane, number>>;

export interface PlanOptions {
  /** Names this run: part of every idempotency key, and the project that its cost is booked under. */
  readonly run: string;
  readonly jobs: number;
  readonly teams: readonly string[];
  readonly laneMix: LaneMix;
  readonly chatModel: string;
  readonly embeddingModel: string;
}

/** One job as it will be submitted, again and again with the same key if need be. */
export interface PlannedJob {
  readonly team: string;
  readonly lane: Lane;
  readonly promptId: string;
  readonly idempotencyKey: string;
  /** Body of `POST /jobs`. */
  readonly submission: Readonly<Record<string, unknown>>;
}

/** Lays out the run: teams take turns, each goes through the prompts from a place of its own and meets none twice before it has met all. */
export function planJobs(prompts: readonly Prompt[], options: PlanOptions): PlannedJob[] {
  const teamCount = options.teams.length;
  const laneOrder = spreadLanes(options.laneMix);
  return Array.from({ length: options.jobs }, (_, index) => {
    const turn = index % teamCount;
    const round = Math.floor(index / teamCount);
    const start = Math.floor((turn * prompts.length) / teamCount);
    const prompt = prompts[(start + round) % prompts.length];
    const team = options.teams[turn];
    // By rounds, so that every team gets the same mix.
    const lane = laneOrder[round % laneOrder.length];
    if (prompt === undefined || team === undefined || lane === undefined) {
      throw new Error('A run needs at least one prompt, one team and one lane.');
    }
    return {
      team,
      lane,
      promptId: prompt.id,
      idempotencyKey: `${options.run}-${index + 1}`,
      submission: toSubmission(prompt, lane, options),
    };
  });
}

/** One cycle of lanes in the given proportions, each spread out as evenly as the numbers allow. */
export function spreadLanes(mix: LaneMix): Lane[] {
  const places = lanes.flatMap((lane) =>
    Array.from({ length: mix[lane] }, (_, index) => ({ lane, place: (index + 0.5) / mix[lane] })),
  );
  return places.sort((left, right) => left.place - right.place).map(({ lane }) => lane);
}

function toSubmission(prompt: Prompt, lane: Lane, options: PlanOptions): PlannedJob['submission'] {
  return {
    endpoint: prompt.endpoint,
    body: toBody(prompt, options),
    priority: lane,
    metadata: { project: options.run, prompt: prompt.id, language: prompt.language, task: prompt.task },
  };
}

// The cap on the answer has another name in each API.
function toBody(prompt: Prompt, options: PlanOptions): Readonly<Record<string, unknown>> {
  switch (prompt.endpoint) {
    case '/v1/chat/completions':
      return {
        model: options.chatModel,
        messages: prompt.messages,
        max_tokens: prompt.max_tokens,
        ...(prompt.response_format === undefined ? {} : { response_format: { type: prompt.response_format } }),
      };
    case '/v1/responses':
      return { model: options.chatModel, input: prompt.input, max_output_tokens: prompt.max_tokens };
    case '/v1/embeddings':
      return { model: options.embeddingModel, input: prompt.input };
  }
}
