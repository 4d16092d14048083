import { app } from '@azure/functions';
import { getApplication } from '../core/composition.ts';
import { probeDeployments } from '../core/gateway/probe-deployments.ts';

/** Every five seconds: tests deployments that are out of service while no work does. */
export async function probeTimer(): Promise<void> {
  const { ports } = await getApplication();
  await probeDeployments(ports);
}

app.timer('probe', { schedule: '*/5 * * * * *', handler: probeTimer });
