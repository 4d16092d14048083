import { describe, expect, it } from 'vitest';
import { loadPrompts } from '../../../../tools/demo/load-prompts.ts';
import { type PlanOptions, planJobs, spreadLanes } from '../../../../tools/demo/plan-jobs.ts';

const options: PlanOptions = {
  run: 'demo-x',
  jobs: 320,
  teams: ['search', 'support'],
  laneMix: { interactive: 2, standard: 5, bulk: 3 },
  chatModel: 'chat',
  embeddingModel: 'embed',
};
const prompts = loadPrompts();
const plan = planJobs(prompts, options);

describe('planJobs', () => {
  it('gives every team its own key per job and no prompt twice', () => {
    expect(new Set(plan.map((job) => job.idempotencyKey)).size).toBe(320);
    for (const team of options.teams) {
      const own = plan.filter((job) => job.team === team);
      expect(new Set(own.map((job) => job.promptId)).size).toBe(160);
    }
  });

  it('gives every team the same mix of lanes', () => {
    for (const team of options.teams) {
      const own = Map.groupBy(
        plan.filter((job) => job.team === team),
        (job) => job.lane,
      );
      expect([own.get('interactive')?.length, own.get('standard')?.length, own.get('bulk')?.length]).toEqual([
        32, 80, 48,
      ]);
    }
  });

  it('starts over when there are more jobs than prompts', () => {
    expect(planJobs(prompts.slice(0, 3), { ...options, jobs: 20 })).toHaveLength(20);
  });

  it('names the cap on the answer as each API does', () => {
    const bodyOf = (endpoint: string) =>
      plan.find((job) => job.submission['endpoint'] === endpoint)?.submission['body'];
    expect(bodyOf('/v1/chat/completions')).toMatchObject({ model: 'chat', max_tokens: expect.any(Number) });
    expect(bodyOf('/v1/responses')).toMatchObject({ model: 'chat', max_output_tokens: expect.any(Number) });
    expect(bodyOf('/v1/embeddings')).toEqual({ model: 'embed', input: expect.anything() });
  });

  it('spreads lanes instead of sending them in blocks', () => {
    expect(spreadLanes({ interactive: 1, standard: 2, bulk: 0 })).toEqual(['standard', 'interactive', 'standard']);
  });

  it('refuses to plan for nobody', () => {
    expect(() => planJobs(prompts, { ...options, teams: [] })).toThrow(/at least one prompt, one team/);
  });
});
