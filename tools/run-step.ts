import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);

/** How a command of a development dependency ended, with what it wrote when that was kept. */
export interface StepResult {
  exitCode: number;
  output: string;
  durationMs: number;
}

/**
 * Runs a package's command, or a script of `tools/`, under this Node in the repository's root. Its output is shown as it comes, or kept and
 * returned. SIGINT and SIGTERM are handed on to it.
 */
export function runStep(name: string, args: readonly string[], output: 'show' | 'keep'): Promise<StepResult> {
  const startedAt = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<StepResult>();
  const command = name.endsWith('.ts') ? join(root, name) : findCommand(name);
  const child = spawn(process.execPath, [command, ...args], {
    cwd: root,
    stdio: ['ignore', output === 'show' ? 'inherit' : 'pipe', output === 'show' ? 'inherit' : 'pipe'],
    env: { ...process.env, ...(output === 'keep' && process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const handOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', handOn).on('SIGTERM', handOn);
  child.once('error', reject);
  child.once('close', (code, signal) => {
    process.off('SIGINT', handOn).off('SIGTERM', handOn);
    const exitCode = code ?? (signal === null ? 1 : 130);
    resolve({ exitCode, output: Buffer.concat(chunks).toString('utf8'), durationMs: performance.now() - startedAt });
  });
  return promise;
}

// The file behind a package's command, found in its manifest: .bin holds shell scripts on Windows.
function findCommand(packageName: string): string {
  const require = createRequire(import.meta.url);
  const folder = join(root, 'node_modules', packageName);
  const manifest: unknown = require(join(folder, 'package.json'));
  const bin = typeof manifest === 'object' && manifest !== null && 'bin' in manifest ? manifest.bin : undefined;
  const file = typeof bin === 'object' && bin !== null ? Object.values(bin)[0] : bin;
  if (typeof file !== 'string') throw new Error(`The package ${packageName} has no command.`);
  return join(folder, file);
}
