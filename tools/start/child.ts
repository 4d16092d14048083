import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { LaunchError } from './launch-error.ts';

const keptLines = 40;
const longestKeptLine = 500;
const leash = pathToFileURL(join(import.meta.dirname, 'exit-with-launcher.mjs')).href;

/** What to start, and as what to speak of it. */
export interface ChildCommand {
  name: string;
  command: string;
  args: readonly string[];
  environment: Record<string, string | undefined>;
  folder: string;
  /** Called with every line that the child writes. */
  onLine?: (line: string) => void;
  /** Whether its lines reach the reader as they come: then they are not repeated when it ends. */
  showsLines?: boolean;
}

/** A Node script as a command that ends with the launcher, even if that is killed. */
export function nodeCommand(script: string, args: readonly string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: ['--import', leash, script, ...args] };
}

/** A started process: its last lines, its end, and how to bring that about. */
export class Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, with a text such as "exit code 1". */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #showsLines: boolean;
  #end: string | undefined;

  private constructor(started: ChildProcess, pid: number, options: ChildCommand) {
    this.name = options.name;
    this.pid = pid;
    this.#process = started;
    this.#showsLines = options.showsLines === true;
    this.ended = new Promise((resolve) => {
      started.once('close', (code, signal) => {
        this.#end = signal === null ? `exit code ${code}` : `signal ${signal}`;
        resolve(this.#end);
      });
    });
    for (const stream of [started.stdout, started.stderr]) {
      if (stream !== null) this.#readLines(stream, options.onLine);
    }
  }

  /** Starts the process in a group of its own, so that Ctrl-C reaches only the launcher, which then stops it in order. */
  static async start(options: ChildCommand): Promise<Child> {
    const started = spawn(options.command, options.args, {
      cwd: options.folder,
      env: options.environment,
      detached: true,
      // The fourth is the leash: never written to, closed by the system when the launcher is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    started.stdio[3]?.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      started.once('spawn', resolve);
      started.once('error', (error) => reject(new LaunchError(`${options.name} cannot be started: ${error.message}`)));
    });
    return new Child(started, started.pid ?? 0, options);
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** A sentence with the last lines that it wrote; empty when there are none or they were shown as they came. */
  quoteLines(): string {
    if (this.#showsLines || this.#lines.length === 0) return '';
    return ` Its last lines:\n${this.#lines.map((line) => `  ${line}`).join('\n')}`;
  }

  /** That it ended and how, as the beginning of a sentence. */
  nameEnd(): string {
    return `The ${this.name} ended (${this.#end})`;
  }

  /** What to say when it ended by itself. */
  describeEnd(): string {
    return `${this.nameEnd()}.${this.quoteLines()}`;
  }

  /** Resolves with the first match in what it has written or will write; undefined when it ends before. */
  async waitForLine(pattern: RegExp): Promise<RegExpExecArray | undefined> {
    for (;;) {
      for (const line of this.#lines) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      if (this.hasEnded) return undefined;
      await Promise.race([this.ended, sleep(20)]);
    }
  }

  /** Asks it to end and kills it after the bound; resolves when it is gone. */
  async stop(boundMs: number): Promise<void> {
    if (this.hasEnded) return;
    this.#signal('SIGTERM');
    const expiry = new AbortController();
    const timer = sleep(boundMs, 'late' as const, { signal: expiry.signal }).catch(() => undefined);
    if ((await Promise.race([this.ended, timer])) === 'late') this.kill();
    expiry.abort();
    await this.ended;
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(name: NodeJS.Signals): void {
    if (this.hasEnded) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      this.#process.kill(name);
    }
  }

  #readLines(stream: Readable, onLine: ((line: string) => void) | undefined): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(line.length > longestKeptLine ? `${line.slice(0, longestKeptLine)}…` : line);
      if (this.#lines.length > keptLines) this.#lines.shift();
      onLine?.(line);
    });
  }
}
