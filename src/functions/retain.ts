import { app } from '@azure/functions';
import { getApplication } from '../core/composition/lifecycle.ts';
import { retain } from '../core/gateway/retain.ts';

/** Once an hour: removes jobs and usage that are past their retention. */
export async function retainTimer(): Promise<void> {
  const { ports } = await getApplication();
  await retain(ports);
}

app.timer('retain', { schedule: '0 23 * * * *', handler: retainTimer });
