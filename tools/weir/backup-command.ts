import { parseArgs } from 'node:util';
import { backUp } from './backup/back-up.ts';
import { restore } from './backup/restore.ts';
import { CommandError } from './command-error.ts';
import { openStorage } from './document-places.ts';
import type { CommandContext } from './keys-command.ts';

export const backupUsage = `backup, restore: jobs, accounts, contents, configuration and key hashes of a storage account as files.

  npm run weir -- backup  --folder FOLDER [--account NAME]   writes them into a new folder; stop the app first
  npm run weir -- restore --folder FOLDER [--account NAME]   fills empty tables; stop the app first, jobs go on when it starts

  --account NAME  the storage account, as whoever is signed in (else the settings AzureWebJobsStorage…)

Both go on where they were interrupted, by the same command. The folder holds prompts and answers: keep it as you keep those.`;

/** Runs `weir backup` or `weir restore`; `print` gets a line for each table and container. Throws a CommandError with what to do. */
export async function runBackupCommand(
  verb: 'backup' | 'restore',
  args: readonly string[],
  context: CommandContext & { readonly print: (line: string) => void },
): Promise<void> {
  const { folder, account } = parse(args);
  const connection = openStorage(account, context.environment);
  if (verb === 'restore') {
    await restore({ connection, folder, report: context.print });
    context.print('Restored. Start the app: the sweep takes up the jobs that were alive within a minute.');
    return;
  }
  const { files } = await backUp({ connection, folder, now: context.now, report: context.print });
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  context.print(`${lines} rows and blobs in ${folder}. It holds prompts and answers: keep it as you keep those.`);
}

function parse(args: readonly string[]): { folder: string; account: string | null } {
  try {
    const options = { folder: { type: 'string' }, account: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    if (values.folder === undefined || values.folder === '') throw new Error('--folder FOLDER is missing.');
    return { folder: values.folder, account: values.account ?? null };
  } catch (error) {
    throw new CommandError(`${backupUsage}\n\n${error instanceof Error ? error.message : error}`);
  }
}
