import { app } from '@azure/functions';
import { startApplication, stopApplication } from './core/composition/lifecycle.ts';

app.setup({ enableHttpStream: false });

app.hook.appStart(async () => {
  await startApplication();
});

app.hook.appTerminate(async () => {
  await stopApplication();
});

// Some set-ups signal the process instead of, or before, running the hook. What the signal would have done without us is done
// after the drain, unless somebody else listens.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await stopApplication();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
}
