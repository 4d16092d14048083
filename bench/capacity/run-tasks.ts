import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Task, TaskResult } from './task.ts';

type Answer = { readonly result: TaskResult } | { readonly failure: string };

/** Runs tasks on so many processes; results come in the order of the tasks, each as soon as those before it are there. */
export async function* runTasks(tasks: readonly Task[], processes: number): AsyncGenerator<TaskResult> {
  const waiting = tasks.map((task) => ({ task, ...Promise.withResolvers<TaskResult>() }));
  // Whoever iterates meets a failure in its turn; until then it is not unhandled.
  for (const { promise } of waiting) promise.catch(() => {});
  let next = 0;
  const children: ChildProcess[] = [];
  const work = async (child: ChildProcess): Promise<void> => {
    for (let own = waiting[next++]; own !== undefined; own = waiting[next++]) {
      await send(child, own.task).then(own.resolve, own.reject);
    }
    child.disconnect();
  };
  for (let count = 0; count < Math.min(processes, tasks.length); count += 1) {
    const child = fork(join(import.meta.dirname, 'worker.ts'), { serialization: 'advanced' });
    children.push(child);
    void work(child);
  }
  try {
    for (const { promise } of waiting) yield await promise;
  } finally {
    for (const child of children) child.kill();
  }
}

function send(child: ChildProcess, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const what = JSON.stringify(task);
    const ended = () => reject(new Error(`The process that ran ${what} ended.`));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      if ('result' in answer) resolve(answer.result);
      else reject(new Error(`${what}: ${answer.failure}`));
    });
    child.send(task);
  });
}
