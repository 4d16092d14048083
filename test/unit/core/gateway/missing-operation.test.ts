import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { refusal } from '../../../support/scripted-upstream.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

/** What capacity was told by the calls of one job: each deployment with what its answer says of it. */
async function tell(...statuses: readonly number[]): Promise<(readonly [string, string])[]> {
  const names = ['eastus', 'westeurope'];
  for (const [index, status] of statuses.entries()) {
    gateway.upstream.script(names[index % names.length] ?? '', refusal(status, 'whatever'));
  }
  const job = await gateway.accept();
  await gateway.finish(gateway.wake(job));
  const { reports } = gateway.capacity;
  return reports.map(({ booking, health }) => [booking.deployment, health] as const).slice(0, statuses.length);
}

describe('what a job is told to be missing', () => {
  it('by two deployments is blamed on the first alone: a standby is not left over what a job asks for', async () => {
    expect(await tell(404, 404)).toEqual([
      ['eastus', 'configuration'],
      ['westeurope', 'none'],
    ]);
  });

  it('is told to operators with the deployment that says so and what to look at', async () => {
    await tell(404);
    const [notice] = gateway.notices('deployment_misconfigured');
    expect(notice).toMatchObject({ message: expect.stringMatching(/^Deployment eastus .*: check its endpoint/) });
  });

  it('by one deployment after another failed is blamed on it', async () => {
    expect(await tell(503, 404)).toEqual([
      ['eastus', 'bad'],
      ['westeurope', 'configuration'],
    ]);
  });
});
