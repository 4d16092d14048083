import { spawn } from 'node:child_process';
import { installBicep } from './install-bicep.ts';

/** What one run of the CLI said: `diagnostics` are its own lines, `output` is what it printed on stdout. */
export interface BicepRun {
  readonly exitCode: number;
  readonly output: string;
  readonly diagnostics: readonly string[];
}

/**
 * Runs the Bicep CLI in `directory`. Every line on stderr counts as a diagnostic: what the resource types find is a
 * warning there, and the exit code stays 0. A failing exit without a word is a diagnostic too.
 */
export async function runBicep(args: readonly string[], directory: string): Promise<BicepRun> {
  const command = await installBicep();
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, exitCode] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    }),
  ]);
  const diagnostics = errors.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (exitCode !== 0 && diagnostics.length === 0) diagnostics.push(`bicep ${args.join(' ')} ended with ${exitCode}`);
  return { exitCode, output, diagnostics };
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
