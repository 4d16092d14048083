import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BicepSession } from '../../../tools/infra/bicep-session.ts';
import { judgeBeforehand } from '../../../tools/infra/preflight.ts';
import { type CommandAnswer, prepareFakeCommand } from '../../support/fake-command.ts';

const root = join(import.meta.dirname, '../../..');
const thisMonth = `${new Date().toISOString().slice(0, 7)}-01`;
const began = '2026-03-01';
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const offers = ['gpt-4.1-mini', 'text-embedding-3-small'].map((name) => ({
  kind: 'OpenAI',
  model: {
    name,
    version: name === 'gpt-4.1-mini' ? '2025-04-14' : '1',
    skus: [{ name: 'GlobalStandard', usageName: `OpenAI.GlobalStandard.${name}`, capacity: { maximum: 1000 } }],
  },
}));
const quotas = offers.map(({ model }) => ({
  name: { value: `OpenAI.GlobalStandard.${model.name}` },
  currentValue: 0,
  limit: 100,
}));
const notFound = 'ERROR: Not Found({"error":{"code":"ResourceGroupNotFound","message":"…"}})';

const models: CommandAnswer = { asked: 'cognitiveservices model list --location swedencentral', says: offers };
const usage: CommandAnswer = { asked: 'cognitiveservices usage list --location swedencentral', says: quotas };
const budget: CommandAnswer = { asked: 'rest --method get --url /subscriptions/{subscriptionId}/', fails: notFound };

// The month is read when a session starts.
const sessions = new Map<string, BicepSession>();
beforeAll(async () => {
  for (const month of [thisMonth, began, '']) {
    sessions.set(month, await BicepSession.open({ ...process.env, WEIR_BUDGET_START: month }));
  }
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  for (const session of sessions.values()) session.close();
});

function judgeDev(month: string) {
  const session = sessions.get(month);
  if (session === undefined) throw new Error(`No session of ${month}.`);
  return judgeBeforehand(session, join(root, 'infra/env/dev.bicepparam'));
}

/** What it finds with an `az` that answers so. */
async function findProblems(answers: readonly CommandAnswer[], month = thisMonth): Promise<string[]> {
  vi.stubEnv('PATH', await prepareFakeCommand('az', answers));
  const { problems } = await judgeDev(month);
  return problems.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('preflight', () => {
  it('is content where the region offers the models, the quota bears them and the budget begins this month', async () => {
    expect(await findProblems([models, usage, budget])).toEqual([]);
  });

  it('names a region without a model and a quota that is too small', async () => {
    const answers = [
      { ...models, says: offers.slice(0, 1) },
      { ...usage, says: quotas.map((quota) => ({ ...quota, limit: 40 })) },
      budget,
    ];
    expect(await findProblems(answers)).toEqual([
      'refused: text-embedding-3-small in swedencentral: the region does not offer this model.',
      expect.stringContaining("capacity 50 is wanted, the subscription's quota is 40"),
    ]);
  });

  it('names the month of a budget that is there', async () => {
    const there = { properties: { timePeriod: { startDate: `${began}T00:00:00Z` } } };
    const answers = [models, usage, { asked: 'budgets/budget-weir-dev?api-version=', says: there }];
    expect(await findProblems(answers)).toEqual([expect.stringContaining(`set WEIR_BUDGET_START=${began}`)]);
    expect(await findProblems(answers, began)).toEqual([]);
  });

  it('refuses a past month for a new budget', async () => {
    expect(await findProblems([models, usage, budget], began)).toEqual([
      expect.stringMatching(`^refused: .*set WEIR_BUDGET_START=${thisMonth}$`),
    ]);
  });

  it('asks nothing of Azure while no month is named, and says which variable to set', async () => {
    await expect(findProblems([], '')).rejects.toThrow(/set the variable WEIR_BUDGET_START/);
  });

  it("ends with az's own words where it is not signed in or may not read", async () => {
    const login = { asked: 'cognitiveservices', fails: "ERROR: Please run 'az login' to setup account." };
    await expect(findProblems([login])).rejects.toThrow(/Please run 'az login'/);
    const forbidden = { ...budget, fails: 'ERROR: Forbidden({"error":{"code":"AuthorizationFailed"}})' };
    await expect(findProblems([models, usage, forbidden])).rejects.toThrow(/AuthorizationFailed/);
  });

  it('says what to install where there is no az', async () => {
    vi.stubEnv('PATH', join(root, 'infra'));
    await expect(judgeDev(thisMonth)).rejects.toThrow(/'az' could not be run .*install the Azure CLI/);
  });
});
