// Runs a TypeScript tool under the pinned Node: node tools/bootstrap.mjs <script.ts> [args…]
//
// A fresh clone has no node_modules and often an older Node, which cannot run .ts files. So this file needs neither:
// it installs what package-lock.json says when that is missing or stale, once even if `npm start` and `npm test` begin
// together, and then hands over to node_modules/.bin/node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.weir-stamp');
// npm ci empties node_modules, so the lock lies outside.
const lockFile = join(root, '.weir', 'install.lock');
let holdsLock = false;
const nodeBinary = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

// npm's own record of what it installed: a tree made by a plain `npm ci` is as good as ours and is not made twice.
function matchesNpmRecord() {
  const installed = readText(join(modules, '.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(installed).packages;
  const isWanted = ([path, entry]) => wanted[path] !== undefined && wanted[path].version === entry.version;
  const isPresent = ([path, entry]) => path === '' || entry.optional === true || present[path] !== undefined;
  return Object.entries(present).every(isWanted) && Object.entries(wanted).every(isPresent);
}

function isInstalled() {
  if (!existsSync(nodeBinary)) return false;
  const hash = lockfileHash();
  if (readText(stampFile) === hash) return true;
  if (!matchesNpmRecord()) return false;
  writeFileSync(stampFile, hash);
  return true;
}

// The start time tells a process from a later one with the same pid; where /proc is missing the pid must do.
function processStart(pid) {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === undefined ? '' : (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '');
}

function isHolderAlive(text) {
  const [pidText, start] = text.split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  return (start ?? '') === processStart(pid);
}

function tryLock() {
  const mine = `${lockFile}.${process.pid}`;
  mkdirSync(dirname(lockFile), { recursive: true });
  // Written first and linked then: nobody ever sees a lock without its holder.
  writeFileSync(mine, `${process.pid} ${processStart(process.pid)}`);
  try {
    linkSync(mine, lockFile);
    holdsLock = true;
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    breakStaleLock(mine);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function breakStaleLock(mine) {
  const seen = readText(lockFile);
  if (seen === undefined || isHolderAlive(seen)) return;
  const taken = `${mine}.stale`;
  try {
    renameSync(lockFile, taken);
    // Between reading and renaming somebody else may have broken it and locked anew: give that one back.
    if (readText(taken) !== seen) linkSync(taken, lockFile);
    unlinkSync(taken);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
}

async function install() {
  let announced = false;
  while (!tryLock()) {
    if (!announced) console.error('Waiting for another run to finish installing the dependencies…');
    announced = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    if (isInstalled()) return;
    console.error('Installing the dependencies (npm ci, about a minute)…');
    const status = runNpmInstall();
    if (status !== 0)
      fail(`npm ci failed (${status}). Its messages are above; fix the cause and run the command again.`);
    if (!existsSync(nodeBinary)) {
      fail('npm ci left no node_modules/.bin/node. The package "node" fetches it in an install script: allow scripts.');
    }
    writeFileSync(stampFile, lockfileHash());
  } finally {
    rmSync(lockFile, { force: true });
    holdsLock = false;
  }
}

function runNpmInstall() {
  // The install scripts bring Node 24, and the tools are dev dependencies: no setting of the machine may leave them out.
  const flags = ['ci', '--ignore-scripts=false', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const npmScript = process.env.npm_execpath;
  const [command, args] = npmScript?.endsWith('.js')
    ? [process.execPath, [npmScript, ...flags, '--loglevel=error']]
    : ['npm', [...flags, '--loglevel=error']];
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (result.error !== undefined) return result.error.message;
  return result.signal ?? result.status;
}

function fail(message) {
  if (holdsLock) rmSync(lockFile, { force: true });
  console.error(message);
  process.exit(1);
}

function handOver(script, args) {
  const environment = { ...process.env };
  const pathName = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  environment[pathName] = [dirname(nodeBinary), environment[pathName]].filter(Boolean).join(delimiter);
  const child = spawn(nodeBinary, [script, ...args], {
    stdio: 'inherit',
    env: environment,
    shell: process.platform === 'win32',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) followParent(child);
  child.on('error', (error) => fail(`Could not start ${nodeBinary}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
}

// npm hands a SIGTERM to its shell, and that dies without handing it on: then the only sign is that the parent is gone.
function followParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 200);
  timer.unref();
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('Usage: node tools/bootstrap.mjs <script.ts> [args…]');
if (!existsSync(join(root, 'package-lock.json'))) fail('package-lock.json is missing: this is not a whole clone.');
if (!isInstalled()) await install();
handOver(script, args);
