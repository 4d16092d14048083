import { runTask, type Task } from './task.ts';

/** A process of the bench: runs the tasks that it is sent, one after the other. */
process.on('message', (task: Task) => {
  runTask(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
