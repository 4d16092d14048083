import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a command answers to arguments that contain `asked`; the first that fits. */
export interface CommandAnswer {
  readonly asked: string;
  readonly says?: unknown;
  /** What it complains of instead, with exit code 1. */
  readonly fails?: string;
}

/** A folder with a command `name` that answers as told and fails on everything else; a PATH that finds it before all others. */
export async function prepareFakeCommand(name: string, answers: readonly CommandAnswer[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `weir-fake-${name}-`));
  onTestFinished(() => rm(folder, { recursive: true }));
  const branches = await Promise.all(
    answers.map(async ({ asked, says, fails }, index) => {
      const file = join(folder, `answer-${index}`);
      await writeFile(file, fails ?? (typeof says === 'string' ? says : JSON.stringify(says)));
      return `*"${asked}"*) cat "${file}"${fails === undefined ? '; exit 0' : ' >&2; exit 1'};;`;
    }),
  );
  const script = ['#!/bin/sh', 'case "$*" in', ...branches, 'esac', `echo "fake ${name}: $*" >&2; exit 2`, ''];
  await writeFile(join(folder, name), script.join('\n'));
  await chmod(join(folder, name), 0o755);
  return [folder, process.env['PATH'] ?? ''].join(delimiter);
}
