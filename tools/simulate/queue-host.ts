import type { MemoryMessage } from '../../src/core/adapters/memory/memory-state.ts';
import { receiveMessage } from '../../src/core/gateway/receive-message.ts';
import { receivePoisonMessage } from '../../src/core/gateway/receive-poison-message.ts';
import { type Lane, lanes } from '../../src/core/jobs/job.ts';
import { runGuarded } from './run-guarded.ts';
import type { RunningProcess } from './start-process.ts';
import type { PoisonMessage, World } from './world.ts';

/** The host's own: a received message is invisible this long and the hiding is renewed at half of it. */
const hiddenMs = 600_000;
/** host.json: pause after a failure, tries before poison, and how many messages one process works on. */
const pauseMs = 30_000;
const mostDequeues = 5;
const mostAtOnce = 16;
const pollMs = 500;

/** The queue trigger as the Functions host runs it in one process; ends with the process. */
export async function runQueueHost(world: World, running: RunningProcess): Promise<void> {
  const { process, ports } = running;
  let atWork = 0;
  const draws = world.draw(`host ${process.name}`);
  for (;;) {
    await process.pass();
    if (ports.drain.isDraining) return;
    for (const lane of lanes) {
      // No order: any visible message may come first.
      while (atWork < mostAtOnce) {
        const visible = world.state.queues[lane].filter(({ visibleAtMs }) => visibleAtMs <= world.time.nowMs);
        const message = visible[Math.floor(draws.next() * visible.length)];
        if (message === undefined) break;
        atWork += 1;
        void handle(world, running, lane, message).finally(() => {
          atWork -= 1;
        });
      }
      const poison = world.poison[lane].find(({ visibleAtMs }) => visibleAtMs <= world.time.nowMs);
      if (poison !== undefined) void handlePoison(world, running, lane, poison);
    }
    await world.time.sleep(pollMs);
  }
}

async function handle(world: World, running: RunningProcess, lane: Lane, message: MemoryMessage): Promise<void> {
  const { process, ports } = running;
  message.dequeueCount += 1;
  const receipt = message.dequeueCount;
  const isMine = () => message.dequeueCount === receipt;
  if (receipt > mostDequeues) {
    moveToPoison(world, lane, message);
    return;
  }
  message.visibleAtMs = world.time.nowMs + hiddenMs;
  let isOver = false;
  const renew = () => {
    if (isOver || !process.isAlive || !isMine()) return;
    message.visibleAtMs = world.time.nowMs + hiddenMs;
    world.time.at(world.time.nowMs + hiddenMs / 2, renew);
  };
  world.time.at(world.time.nowMs + hiddenMs / 2, renew);
  const received = { text: message.text, expiresAtMs: null };
  const isDone = await runGuarded(world, running, 'a message', () => receiveMessage(ports, lane, received));
  isOver = true;
  await process.pass();
  // With an old receipt nothing can be done about the message any more.
  if (!isMine()) return;
  if (isDone) remove(world.state.queues[lane], message);
  else if (message.dequeueCount >= mostDequeues) moveToPoison(world, lane, message);
  else message.visibleAtMs = world.time.nowMs + pauseMs;
}

async function handlePoison(world: World, running: RunningProcess, lane: Lane, message: PoisonMessage): Promise<void> {
  message.visibleAtMs = world.time.nowMs + hiddenMs;
  const work = () => receivePoisonMessage(running.ports, lane, message.text);
  if (await runGuarded(world, running, 'a poison message', work)) remove(world.poison[lane], message);
}

function moveToPoison(world: World, lane: Lane, message: MemoryMessage): void {
  world.trace.note(`the host gives up message ${message.id}`);
  world.poison[lane].push({ text: message.text, visibleAtMs: world.time.nowMs });
  remove(world.state.queues[lane], message);
}

function remove<T>(messages: T[], message: T): void {
  const index = messages.indexOf(message);
  if (index >= 0) messages.splice(index, 1);
}
