import type { LogLevel } from './core-module.ts';

/** Where the host's own lines and the app's log lines go. */
export interface HostLog {
  /** A line of the app, as `context.log` and its levels produce it. */
  app(level: LogLevel, category: string, message: string): void;
  /** What the host did; shown only when verbose. */
  detail(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const quietLevels: ReadonlySet<LogLevel> = new Set<LogLevel>(['trace', 'debug', 'none']);

/** A log of readable lines on stdout, errors on stderr. Never given bodies, headers or settings' values. */
export function createConsoleLog(verbose: boolean): HostLog {
  const write = (stream: NodeJS.WriteStream, message: string) => {
    stream.write(`[${new Date().toISOString()}] ${message}\n`);
  };
  return {
    app: (level, category, message) => {
      if (quietLevels.has(level) && !verbose) return;
      const mark = level === 'information' ? '' : `${level}: `;
      write(
        level === 'error' || level === 'critical' ? process.stderr : process.stdout,
        `${category}: ${mark}${message}`,
      );
    },
    detail: (message) => {
      if (verbose) write(process.stdout, message);
    },
    info: (message) => write(process.stdout, message),
    warn: (message) => write(process.stderr, `warning: ${message}`),
    error: (message) => write(process.stderr, `error: ${message}`),
  };
}

/** The stack of an error, or its text when it is none. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.stack ?? `${error.name}: ${error.message}`;
  return String(error);
}
