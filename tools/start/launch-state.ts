import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSameProcess, type ProcessIdentity } from './process-identity.ts';

/** The processes of one start; null for what was not started. */
export interface RunPids {
  launcher: number;
  host: number | null;
  azurite: number | null;
  simulator: number | null;
}

/** `.weir/run.json`: where the running Weir is and how to talk to it. There only while it runs. */
export interface RunFile {
  baseUrl: string;
  keys: Record<string, string>;
  simulatorUrl: string | null;
  storageConnectionString: string;
  /** The value of WEIR_CONFIG that the app was given. */
  configSetting: string;
  pids: RunPids;
  startedAt: string;
}

/**
 * `.weir/launcher.json`: who started what, from the first moment on. It is what keeps a second launcher out, and what
 * the next start goes by when this one was killed.
 */
export interface LaunchRecord {
  baseUrl: string;
  launcher: ProcessIdentity;
  children: ({ name: string } & ProcessIdentity)[];
}

/** The files of one `.weir` folder. */
export class LaunchState {
  readonly folder: string;
  readonly #runFile: string;
  readonly #recordFile: string;

  constructor(root: string) {
    this.folder = join(root, '.weir');
    this.#runFile = join(this.folder, 'run.json');
    this.#recordFile = join(this.folder, 'launcher.json');
  }

  /** Takes the folder for this launcher; returns the record of another that is in the way, alive or dead. */
  claim(record: LaunchRecord): LaunchRecord | undefined {
    mkdirSync(this.folder, { recursive: true });
    const mine = `${this.#recordFile}.${process.pid}`;
    writeFileSync(mine, JSON.stringify(record), { mode: 0o600 });
    try {
      // A link fails where the name exists and shows the file only whole: two launchers cannot both succeed.
      linkSync(mine, this.#recordFile);
      return undefined;
    } catch (error) {
      if (!existsSync(this.#recordFile)) throw error;
      return this.#readRecord();
    } finally {
      rmSync(mine, { force: true });
    }
  }

  /** Writes down what this launcher has started so far. */
  saveRecord(record: LaunchRecord): void {
    replaceFile(this.#recordFile, JSON.stringify(record));
  }

  saveRun(run: RunFile): void {
    replaceFile(this.#runFile, `${JSON.stringify(run, null, 2)}\n`);
  }

  /** The processes that a run.json names which nobody has removed; none when there is no such file. */
  readRunPids(): { launcher: number; children: { name: string; pid: number }[] } | undefined {
    const run = readJson(this.#runFile);
    const pids = typeof run === 'object' && run !== null && 'pids' in run ? run.pids : undefined;
    if (typeof pids !== 'object' || pids === null) return undefined;
    const entries = Object.entries(pids).flatMap(([name, pid]) => (typeof pid === 'number' ? [{ name, pid }] : []));
    const launcher = entries.find((entry) => entry.name === 'launcher')?.pid ?? 0;
    return { launcher, children: entries.filter((entry) => entry.name !== 'launcher') };
  }

  /** run.json first: scripts must not find a Weir that is going away. */
  removeRun(): void {
    rmSync(this.#runFile, { force: true });
  }

  removeRecord(): void {
    rmSync(this.#recordFile, { force: true });
  }

  /** Removes the record unless another launcher has put its own in the place meanwhile. */
  removeRecordOf(launcher: ProcessIdentity): void {
    if (this.#readRecord().launcher.pid === launcher.pid) this.removeRecord();
  }

  #readRecord(): LaunchRecord {
    const value = readJson(this.#recordFile);
    // Unreadable is as good as dead: it names nobody who could be alive.
    const none: LaunchRecord = { baseUrl: '', launcher: { pid: 0, startedAt: '' }, children: [] };
    return isRecord(value) ? value : none;
  }
}

/** True while the launcher that wrote the record runs. */
export function isLauncherAlive(record: LaunchRecord): boolean {
  return isSameProcess(record.launcher);
}

function isRecord(value: unknown): value is LaunchRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('baseUrl' in value) || !('launcher' in value) || !('children' in value)) return false;
  return isIdentity(value.launcher) && Array.isArray(value.children) && value.children.every(isIdentity);
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return false;
  return typeof value.pid === 'number' && typeof value.startedAt === 'string';
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Replaces a file as a whole, readable by its owner alone: it may hold keys. */
export function replaceFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
