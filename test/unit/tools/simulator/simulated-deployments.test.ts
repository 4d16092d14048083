import { describe, expect, it } from 'vitest';
import { BUILT_IN_CONFIG, readDeploymentSpecs } from '../../../../tools/simulator/simulated-deployments.ts';

const DEPLOYMENT = {
  name: 'eastus',
  region: 'eastus2',
  endpoint: 'http://127.0.0.1:7072/first',
  deployment: 'gpt-4.1-mini',
  sku: 'GlobalStandard',
  tokensPerMinute: 1000,
  requestsPerMinute: 60,
  requestWindowSeconds: 1,
  apiKeySetting: 'ignored',
};

const read = (...deployments: object[]) => readDeploymentSpecs({ pools: [{ model: 'm', deployments }] }, 'fixed');

describe('the deployments of a configuration', () => {
  it('belong to the resource that a loopback path names', () => {
    const result = read(DEPLOYMENT);
    expect(result).toMatchObject({
      ok: true,
      specs: [
        {
          resource: 'first',
          region: 'eastus2',
          model: 'm',
          limits: { tokensPerMinute: 1000, requestWindowSeconds: 1, window: 'fixed', sku: 'GlobalStandard' },
        },
      ],
    });
  });

  it('belong to the region named beside a real endpoint', () => {
    expect(read({ ...DEPLOYMENT, endpoint: 'https://weir.openai.azure.com' })).toMatchObject({
      specs: [{ resource: 'eastus2' }],
    });
  });

  it('are one deployment when two pools name it with equal limits, and an error when the limits differ', () => {
    const pool = { model: 'm', deployments: [DEPLOYMENT] };
    expect(readDeploymentSpecs({ pools: [pool, pool] }, 'sliding')).toMatchObject({ specs: [{ resource: 'first' }] });
    const other = { model: 'm', deployments: [{ ...DEPLOYMENT, tokensPerMinute: 5 }] };
    const result = readDeploymentSpecs({ pools: [pool, other] }, 'sliding');
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('twice') });
  });

  it('are refused with every mistake named', () => {
    const result = read({ ...DEPLOYMENT, tokensPerMinute: -1, endpoint: 'nowhere' });
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.message).toContain('tokensPerMinute');
    expect(result.message).toContain('endpoint');
  });

  it('are six when there is no configuration', () => {
    const result = readDeploymentSpecs(BUILT_IN_CONFIG, 'sliding');
    expect(result.ok && result.specs).toHaveLength(6);
  });
});
