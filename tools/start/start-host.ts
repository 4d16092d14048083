import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Child, nodeCommand } from './child.ts';
import { LaunchError } from './launch-error.ts';

/** Seconds that the host gives the app after the stop: as many as the real host does. The launcher waits a little longer. */
export const hostGraceSeconds = 5;

/** What the host is started with. */
export interface HostStart {
  root: string;
  /** The app to run, such as an unpacked package; this repository's own when absent. */
  appFolder?: string | undefined;
  port: number;
  environment: Record<string, string | undefined>;
  onLine: (line: string) => void;
  /** Whether `onLine` shows the lines. */
  showsLines?: boolean;
}

/** Starts `func start` where func is installed, else the local host; `WEIR_HOST` = local or func decides by hand. */
export async function startHost(options: HostStart): Promise<Child> {
  const { root, appFolder = root, port, environment, onLine, showsLines = false } = options;
  const func = chooseFunc(environment);
  const localHost = join(root, 'tools/local-host/main.ts');
  const command =
    func === undefined
      ? nodeCommand(localHost, ['--port', `${port}`, '--grace-seconds', `${hostGraceSeconds}`])
      : { command: func, args: ['start', '--port', `${port}`] };
  return await Child.start({ name: 'host', ...command, environment, folder: appFolder, onLine, showsLines });
}

function chooseFunc(environment: Record<string, string | undefined>): string | undefined {
  const wish = environment['WEIR_HOST'];
  if (wish !== undefined && wish !== 'local' && wish !== 'func') {
    throw new LaunchError(`WEIR_HOST is "${wish}": it may be local or func.`);
  }
  if (wish === 'local') return undefined;
  const name = process.platform === 'win32' ? 'func.exe' : 'func';
  const found = (environment['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  if (found === undefined && wish === 'func') throw new LaunchError('WEIR_HOST is func, but func is not on the PATH.');
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
