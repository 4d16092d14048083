import { app } from '@azure/functions';
import { getApplication } from '../core/composition/lifecycle.ts';
import { hostSettings } from '../core/composition/settings.ts';
import { reportGauges } from '../core/gateway/report-gauges.ts';
import { sweep } from '../core/gateway/sweep.ts';

/** Mends live jobs that no message will: lost wake-ups, dead workers, deadlines. */
export async function sweepTimer(): Promise<void> {
  const { ports } = await getApplication();
  await sweep(ports);
  await reportGauges(ports);
}

app.timer('sweep', { schedule: hostSettings.sweepSchedule, handler: sweepTimer });
