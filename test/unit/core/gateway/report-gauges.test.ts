import { expect, test } from 'vitest';
import { readDeployments } from '../../../../src/core/gateway/read-deployments.ts';
import { reportGauges } from '../../../../src/core/gateway/report-gauges.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';

test('tells that the sweep ran, what waits in each lane and how far each deployment counts otherwise', async () => {
  const gateway = new GatewayUnderTest();
  const views = await gateway.capacity.view();
  gateway.capacity.view = async () => views.map((view) => ({ ...view, calibration: 1.23456, driftCount: 7 }));
  await gateway.accept();
  await gateway.clock.advance(5000);
  await reportGauges(gateway.ports);
  const model = gateway.config.pools[0]?.model;
  const told = { model, calibration: 1.235, throttled: 7 };
  const notices = gateway.events.map((event) => event.type === 'notice' && [event.name, event.level, event.fields]);
  expect(notices).toEqual([
    ['heartbeat', 'debug', {}],
    ['queue_depth', 'debug', { lane: 'interactive', jobs: 0, oldestAgeSeconds: 0 }],
    ['queue_depth', 'debug', { lane: 'standard', jobs: 1, oldestAgeSeconds: 5 }],
    ['queue_depth', 'debug', { lane: 'bulk', jobs: 0, oldestAgeSeconds: 0 }],
    ['capacity_drift', 'debug', { ...told, deployment: 'eastus' }],
    ['capacity_drift', 'debug', { ...told, deployment: 'westeurope' }],
  ]);
  const operator = { team: 'operations', role: 'operator', authenticatedBy: 'key' } as const;
  const { data } = await readDeployments(gateway.ports, operator);
  expect(data[0]).toMatchObject({ name: 'eastus', drift: { calibration: 1.235, throttled: 7 } });
});
