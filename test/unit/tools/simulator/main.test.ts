import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { startSimulator } from '../../../../tools/simulator/start-simulator.ts';

const MAIN = fileURLToPath(new URL('../../../../tools/simulator/main.ts', import.meta.url));
const started: ReturnType<typeof spawn>[] = [];

function run(...args: string[]) {
  // Node 24 comes with the development dependencies; it runs TypeScript as it is.
  const node = fileURLToPath(new URL('../../../../node_modules/.bin/node', import.meta.url));
  const child = spawn(node, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

it('prints its address when it listens, one line per region port before, and ends cleanly on SIGTERM', async () => {
  const child = run('--port', '0', '--fast', '--region-ports');
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith('simulator ready ')) break;
  }
  expect(lines.filter((line) => /^region \S+ http:\/\/127\.0\.0\.1:\d+$/u.test(line)).length).toBeGreaterThan(0);
  const url = lines.at(-1)!.replace('simulator ready ', '');
  expect((await fetch(`${url}/_sim/health`)).status).toBe(200);
  child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});

it('says that its port is in use and exits 1', async () => {
  const other = await startSimulator();
  const child = run('--port', new URL(other.url).port);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  await other.close();
  expect(code).toBe(1);
  expect(said).toContain('is in use');
});
