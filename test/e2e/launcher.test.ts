import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

interface Run {
  baseUrl: string;
  keys: Record<string, string>;
  simulatorUrl: string | null;
  storageConnectionString: string;
  pids: { launcher: number; host: number; azurite: number | null; simulator: number | null };
}

// A copy of the repository: the one in use may have a Weir of its own running.
let root = '';
const launchers = new Set<ChildProcess>();
const runFile = () => join(root, '.weir', 'run.json');

function launch(
  args: string[],
  environment: Record<string, string> = {},
): { child: ChildProcess; output: () => string } {
  const { AzureWebJobsStorage: _storage, WEIR_CONFIG: _config, ...inherited } = process.env;
  const child = spawn(process.execPath, ['tools/bootstrap.mjs', 'tools/start/main.ts', ...args], {
    cwd: root,
    env: { ...inherited, INIT_CWD: root, WEIR_HOST: 'local', ...environment },
  });
  launchers.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, output: () => text };
}

async function waitFor<T>(find: () => T | undefined | false, what: string, limitMs = 240_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

async function start(args: string[] = [], environment: Record<string, string> = {}) {
  const launched = launch(['--port', '0', ...args], environment);
  await waitFor(() => {
    if (launched.child.exitCode !== null) throw new Error(launched.output());
    return launched.output().includes('Weir is ready');
  }, 'Weir');
  const run: Run = JSON.parse(readFileSync(runFile(), 'utf8'));
  return { ...launched, run };
}

async function waitForEnd(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return child.exitCode;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child whose parent was killed stays a zombie where nobody collects it.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function listAlive(run: Run): string[] {
  return Object.entries(run.pids)
    .filter(([, pid]) => pid !== null && isAlive(pid))
    .map(([name]) => name);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'weir-launch-'));
  for (const name of ['src', 'tools', 'package.json', 'package-lock.json', 'host.json', 'weir.config.json']) {
    cpSync(resolve(name), join(root, name), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
});
afterEach(async () => {
  for (const child of launchers) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await waitForEnd(child);
  }
  launchers.clear();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('npm start', () => {
  it('starts everything, says where, and leaves nothing behind when it is stopped', async () => {
    const { child, output, run } = await start();
    expect((await fetch(`${run.baseUrl}/health`)).status).toBe(200);
    expect(run.simulatorUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(listAlive(run)).toEqual(['launcher', 'host', 'azurite', 'simulator']);
    expect(statSync(runFile()).mode & 0o777).toBe(0o600);
    expect(Object.keys(run.keys)).toEqual(['search', 'support', 'platform']);
    expect(output()).toContain(`curl -sS -i ${run.baseUrl}/jobs -H 'authorization: Bearer ${run.keys['search']}'`);

    const second = launch(['--port', '0']);
    expect(await waitForEnd(second.child)).toBe(1);
    expect(second.output()).toContain(`already runs at ${run.baseUrl}`);
    expect(existsSync(runFile())).toBe(true);

    child.kill('SIGINT');
    expect(await waitForEnd(child)).toBe(0);
    expect(listAlive(run)).toEqual([]);
    expect(existsSync(runFile())).toBe(false);
  });

  it('keeps team keys and data over a restart, even after it was killed', async () => {
    const before = await start();
    process.kill(before.run.pids.launcher, 'SIGKILL');
    await waitFor(() => listAlive(before.run).length === 0, 'the children to follow the launcher');
    expect(existsSync(runFile())).toBe(true);
    const after = await start();
    expect(after.run.keys).toEqual(before.run.keys);
    expect(after.run.pids.launcher).not.toBe(before.run.pids.launcher);
  });

  it.each(['host', 'simulator', 'azurite'] as const)(
    'says so, stops the rest and exits with 1 when the %s dies',
    async (role) => {
      const { child, output, run } = await start();
      process.kill(run.pids[role] ?? 0, 'SIGKILL');
      expect(await waitForEnd(child)).toBe(1);
      expect(output()).toMatch(/The (host|simulator|storage emulator) ended \(signal SIGKILL\)/);
      expect(listAlive(run)).toEqual([]);
      expect(existsSync(runFile())).toBe(false);
    },
  );

  it('names a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { child, output } = launch(['--port', String(port)]);
    expect(await waitForEnd(child)).toBe(1);
    expect(output()).toContain(`Port ${port} is in use`);
    server.close();
    expect(existsSync(join(root, '.weir', 'launcher.json'))).toBe(false);
  });

  it('takes a configuration with hashes of its own, and no simulator', async () => {
    const { child, output } = launch(['--port', '0', '--config', 'none.json']);
    expect(await waitForEnd(child)).toBe(1);
    expect(output()).toMatch(/no configuration file .*none\.json/);
    const { run } = await start(['--config', 'weir.config.json', '--no-simulator']);
    expect(run).toMatchObject({ keys: {}, simulatorUrl: null, pids: { simulator: null } });
  });
});
