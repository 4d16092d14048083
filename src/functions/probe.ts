import { app } from '@azure/functions';
import { getApplication } from '../core/composition/lifecycle.ts';
import { hostSettings } from '../core/composition/settings.ts';
import { probeDeployments } from '../core/gateway/probe-deployments.ts';

/** Tests deployments that are out of service while no work does. */
export async function probeTimer(): Promise<void> {
  const { ports } = await getApplication();
  await probeDeployments(ports);
}

app.timer('probe', { schedule: hostSettings.probeSchedule, handler: probeTimer });
