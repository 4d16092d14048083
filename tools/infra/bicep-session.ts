import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { installBicep } from './install-bicep.ts';

const answer = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const separator = '\r\n\r\n';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One Bicep process that answers many questions over JSON-RPC: a start of the CLI costs two seconds, a question a
 * quarter of one. Close it when done: an open session keeps the process alive.
 */
export class BicepSession {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  #received = Buffer.alloc(0);
  #said = '';
  #nextId = 1;

  private constructor(command: string, variables: NodeJS.ProcessEnv) {
    this.#child = spawn(command, ['jsonrpc', '--stdio'], { env: variables, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString('utf8');
    });
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('close', (code) => this.#fail(new Error(`The Bicep CLI ended (${code}). ${this.#said}`)));
    this.#child.stdin.on('error', (error) => this.#fail(error));
  }

  /** Starts the CLI; `variables` are what parameter files read from the environment. */
  static async open(variables: NodeJS.ProcessEnv = process.env): Promise<BicepSession> {
    return new BicepSession(await installBicep(), variables);
  }

  /** Calls a method such as `bicep/compile`; rejects with the CLI's message, or when its process ends first. */
  async call(method: string, parameters: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#child.exitCode !== null) throw new Error(`The Bicep CLI has ended. ${this.#said}`);
    const id = this.#nextId++;
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params: parameters }));
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}${separator}`), body]));
    });
  }

  close(): void {
    this.#child.kill();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const headerEnd = this.#received.indexOf(separator);
      if (headerEnd === -1) return;
      const length = /content-length: *(\d+)/i.exec(this.#received.subarray(0, headerEnd).toString('latin1'))?.[1];
      if (length === undefined) {
        this.#fail(new Error('The Bicep CLI sent a message without its length.'));
        return;
      }
      const start = headerEnd + separator.length;
      const end = start + Number(length);
      if (this.#received.length < end) return;
      const text = this.#received.subarray(start, end).toString('utf8');
      this.#received = this.#received.subarray(end);
      this.#settle(text);
    }
  }

  #settle(text: string): void {
    const message = answer.safeParse(JSON.parse(text));
    // Notifications have no id; nobody waits for them.
    if (!message.success) return;
    const { id, result, error } = message.data;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
