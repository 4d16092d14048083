import { describe, expect, it } from 'vitest';
import {
  findModelProblems,
  type RegionAnswer,
  regionAnswer,
  type WantedDeployment,
} from '../../../tools/infra/find-model-problems.ts';

const wanted: WantedDeployment = {
  account: 'one',
  region: 'swedencentral',
  model: 'gpt-4.1-mini',
  version: '2025-04-14',
  sku: 'GlobalStandard',
  capacity: 50,
};
const offer = (kind: string) => ({
  kind,
  model: {
    name: 'gpt-4.1-mini',
    version: '2025-04-14',
    skus: [{ name: 'GlobalStandard', usageName: 'OpenAI.GlobalStandard.gpt-4.1-mini', capacity: { maximum: 1000 } }],
  },
});
const quota = { name: { value: 'OpenAI.GlobalStandard.gpt-4.1-mini' }, currentValue: 60, limit: 150 };

function problemsOf(deployments: WantedDeployment[], answer: Partial<RegionAnswer> = {}): string[] {
  const region = regionAnswer.parse({ models: [offer('OpenAI'), offer('AIServices')], quotas: [quota], ...answer });
  const regions = new Map([['swedencentral', region]]);
  return findModelProblems(deployments, regions).map(({ severity, message }) => `${severity}: ${message}`);
}

describe('findModelProblems', () => {
  it('finds nothing where model, version, SKU and quota fit', () => {
    expect(problemsOf([wanted])).toEqual([]);
    expect(problemsOf([{ ...wanted, capacity: 90 }])).toEqual([]);
  });

  it.each([
    ['a region without the model', { model: 'gpt-9' }, 'refused: gpt-9 in swedencentral: the region does not offer'],
    ['a version that is not offered', { version: '1' }, 'version 1 is not offered, only 2025-04-14.'],
    ['an SKU that is not offered', { sku: 'Standard' }, 'Standard is not offered, only GlobalStandard.'],
    ['a capacity above the SKU', { capacity: 1001 }, 'capacity is 1001, GlobalStandard goes up to 1000.'],
    ['a capacity above the quota', { capacity: 151 }, "capacity 151 is wanted, the subscription's quota is 150."],
    ['a capacity that is not free', { capacity: 91 }, 'tight: swedencentral: OpenAI.GlobalStandard.gpt-4.1-mini'],
  ])('names %s', (_, change, says) => {
    const found = problemsOf([{ ...wanted, ...change }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(says);
  });

  it('adds up what deployments of several accounts take from one quota', () => {
    const two = [
      { ...wanted, capacity: 80 },
      { ...wanted, account: 'two', capacity: 80 },
    ];
    expect(problemsOf(two)).toEqual([expect.stringContaining('capacity 160 is wanted')]);
  });

  it('names a quota that the subscription does not have', () => {
    expect(problemsOf([wanted], { quotas: [] })).toEqual([expect.stringContaining('has no quota')]);
  });

  it('refuses to judge a region that was not asked', () => {
    expect(() => findModelProblems([wanted], new Map())).toThrow(/Nobody asked swedencentral/);
  });
});
