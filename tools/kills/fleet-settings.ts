/** How fast a fleet notices the dead: `quick` for tests, `production` as the app's defaults are. */
export type Pace = 'quick' | 'production';

/** Settings of every process of the fleet. */
export function paceSettings(pace: Pace): Readonly<Record<string, string>> {
  const [lease, sweep] = pace === 'quick' ? ['3', '* * * * * *'] : ['45', '*/15 * * * * *'];
  return { WEIR_LEASE_SECONDS: lease, WEIR_SWEEP_SCHEDULE: sweep, WEIR_GRACE_SECONDS: '2' };
}

const switchWork = (isDisabled: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['workInteractive', 'workStandard', 'workBulk'].map((name) => [
      `AzureWebJobs.${name}.Disabled`,
      String(isDisabled),
    ]),
  );

/** The door takes submissions and sweeps, but takes no messages: work is for the workers that die. */
export const doorSettings = switchWork(true);

/** Few messages at a time: a job should lose its worker by its own doing rather than by its neighbours'. */
export const workerSettings: Readonly<Record<string, string>> = {
  ...switchWork(false),
  AzureFunctionsJobHost__extensions__queues__batchSize: '2',
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '1',
};

/** One message at a time: nobody dies with a job that kills its worker, three times by chance least of all. */
export const loneJobSettings: Readonly<Record<string, string>> = {
  ...switchWork(false),
  AzureFunctionsJobHost__extensions__queues__batchSize: '1',
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '0',
};
