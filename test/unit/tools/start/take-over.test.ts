import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LaunchRecord, LaunchState } from '../../../../tools/start/launch-state.ts';
import { identifyProcess, isSameProcess, type ProcessIdentity } from '../../../../tools/start/process-identity.ts';
import { takeOver } from '../../../../tools/start/take-over.ts';

const nobody: ProcessIdentity = { pid: 2 ** 22 + 1, startedAt: '1' };
let root = '';
let state: LaunchState;
let bystander: ChildProcess;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'weir-state-'));
  mkdirSync(join(root, '.weir'));
  state = new LaunchState(root);
  bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
  await once(bystander, 'spawn');
});
afterEach(() => {
  bystander.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function identify(pid: number | undefined): ProcessIdentity {
  const identity = identifyProcess(pid ?? 0);
  if (identity === undefined) throw new Error('the process is not there');
  return identity;
}

function record(launcher: ProcessIdentity, children: LaunchRecord['children'] = []): LaunchRecord {
  return { baseUrl: 'http://127.0.0.1:7071', launcher, children };
}

const mine = () => record(identify(process.pid));
const ignore = () => {};

describe('takeOver', () => {
  it('claims an empty folder', async () => {
    await takeOver(state, mine(), ignore);
    expect(JSON.parse(readFileSync(join(root, '.weir', 'launcher.json'), 'utf8'))).toEqual(mine());
  });

  it('is refused while another launcher runs, with its address', async () => {
    state.claim(record(identify(bystander.pid)));
    await expect(takeOver(state, mine(), ignore)).rejects.toThrow(
      /already runs at http:\/\/127\.0\.0\.1:7071 \(process \d+\)\. Stop it first: Ctrl-C .*kill \d+/,
    );
  });

  it('stops what a dead launcher left running, and removes its run.json', async () => {
    const child = { name: 'host', ...identify(bystander.pid) };
    state.claim(record(nobody, [child]));
    writeFileSync(join(root, '.weir', 'run.json'), '{}');
    const said: string[] = [];
    await takeOver(state, mine(), (line) => said.push(line));
    expect(isSameProcess(child)).toBe(false);
    expect(existsSync(join(root, '.weir', 'run.json'))).toBe(false);
    expect(said.join()).toContain(`host (${bystander.pid})`);
  });

  it('leaves a process alone that only has the pid of what once ran', async () => {
    const child = { name: 'host', pid: bystander.pid ?? 0, startedAt: 'another time' };
    state.claim(record(nobody, [child]));
    await takeOver(state, mine(), ignore);
    expect(identifyProcess(child.pid)).toBeDefined();
  });

  it('leaves a process alone that a bare run.json names but that looks like something else', async () => {
    const pids = { launcher: nobody.pid, host: bystander.pid, azurite: null, simulator: null };
    writeFileSync(join(root, '.weir', 'run.json'), JSON.stringify({ pids }));
    await takeOver(state, mine(), ignore);
    expect(identifyProcess(bystander.pid ?? 0)).toBeDefined();
    expect(existsSync(join(root, '.weir', 'run.json'))).toBe(false);
  });

  it('treats a record that cannot be read as left behind', async () => {
    writeFileSync(join(root, '.weir', 'launcher.json'), '{ torn');
    await takeOver(state, mine(), ignore);
    expect(JSON.parse(readFileSync(join(root, '.weir', 'launcher.json'), 'utf8'))).toEqual(mine());
  });
});

it('knows a process that has ended', async () => {
  const identity = identify(bystander.pid);
  bystander.kill('SIGKILL');
  await once(bystander, 'exit');
  expect(isSameProcess(identity)).toBe(false);
});
