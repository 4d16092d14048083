import { app } from '@azure/functions';
import { startApplication, stopApplication } from './core/composition.ts';

app.setup({ enableHttpStream: false });

app.hook.appStart(async () => {
  await startApplication();
});

app.hook.appTerminate(async () => {
  await stopApplication();
});
