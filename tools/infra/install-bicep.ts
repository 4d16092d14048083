import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The one version that the templates are checked with; the same everywhere, so that a diagnostic means the same. */
export const bicepVersion = '0.49.2';

const root = join(import.meta.dirname, '..', '..');
const defaultCache = join(root, '.bicep');
const packageByPlatform: Readonly<Record<string, string>> = {
  'linux-x64': 'azure.bicep.commandline.linux-x64',
  'linux-arm64': 'azure.bicep.commandline.linux-arm64',
  'darwin-x64': 'azure.bicep.commandline.osx-x64',
  'darwin-arm64': 'azure.bicep.commandline.osx-arm64',
  'win32-x64': 'azure.bicep.commandline.win-x64',
};

/**
 * Path of the Bicep CLI of the pinned version: from the setting WEIR_BICEP, from `.bicep/`, or fetched into it with
 * `dotnet restore` from the NuGet source that this machine is configured for. Throws with what is needed otherwise.
 */
export async function installBicep(
  settings: NodeJS.ProcessEnv = process.env,
  cacheDirectory = defaultCache,
): Promise<string> {
  const given = settings['WEIR_BICEP'];
  if (given !== undefined && given !== '') return verifyVersion(given, 'WEIR_BICEP names');

  const executable = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  const cached = join(cacheDirectory, bicepVersion, executable);
  if ((await stat(cached).catch(() => undefined)) === undefined)
    await fetchInto({ cached, executable, cacheDirectory, settings });
  return cached;
}

function verifyVersion(path: string, subject: string): string {
  const result = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const found = /version (\S+)/.exec(result.stdout ?? '')?.[1];
  if (found === bicepVersion) return path;
  throw new Error(`${subject} ${path}: expected Bicep CLI ${bicepVersion}, found ${found ?? 'none that runs'}.`);
}

interface Fetch {
  readonly cached: string;
  readonly executable: string;
  readonly cacheDirectory: string;
  readonly settings: NodeJS.ProcessEnv;
}

async function fetchInto({ cached, executable, cacheDirectory, settings }: Fetch): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const packageName = packageByPlatform[platform];
  if (packageName === undefined) throw new Error(`No Bicep CLI is packaged for ${platform}. ${otherWays}`);
  const sdk = spawnSync('dotnet', ['--version'], { encoding: 'utf8', env: settings });
  if (sdk.error !== undefined || sdk.status !== 0) {
    throw new Error(`The Bicep CLI ${bicepVersion} comes from NuGet, and 'dotnet' was not found. ${otherWays}`);
  }

  await mkdir(cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(cacheDirectory, 'restore-'));
  try {
    const framework = `net${sdk.stdout.trim().split('.')[0]}.0`;
    await writeFile(join(work, 'get.csproj'), renderProject(packageName, framework));
    restore(work, settings);
    // Copied to its final name by a rename, so that two runs at once never see half a file.
    const fetched = join(work, 'packages', packageName, bicepVersion, 'tools', executable);
    const complete = join(work, executable);
    await copyFile(fetched, complete);
    await chmod(complete, 0o755);
    verifyVersion(complete, 'NuGet gave');
    await mkdir(join(cacheDirectory, bicepVersion), { recursive: true });
    await rename(complete, cached);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const otherWays =
  'Either install a .NET SDK (8 or later) and run this again, or install that version of the Bicep CLI ' +
  `(az bicep install --version v${bicepVersion}) and set WEIR_BICEP to its path.`;

function renderProject(packageName: string, framework: string): string {
  return [
    '<Project Sdk="Microsoft.NET.Sdk">',
    `  <PropertyGroup><TargetFramework>${framework}</TargetFramework></PropertyGroup>`,
    `  <ItemGroup><PackageDownload Include="${packageName}" Version="[${bicepVersion}]" /></ItemGroup>`,
    '</Project>',
  ].join('\n');
}

function restore(directory: string, settings: NodeJS.ProcessEnv): void {
  const result = spawnSync('dotnet', ['restore', 'get.csproj', '--packages', 'packages'], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...settings, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
    timeout: 300_000,
  });
  if (result.status === 0) return;
  throw new Error(`'dotnet restore' could not get the Bicep CLI ${bicepVersion}:\n${result.stdout}${result.stderr}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await installBicep());
}
