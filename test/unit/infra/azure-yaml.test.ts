import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const text = await readFile(join(root, 'azure.yaml'), 'utf8');

/** Commands of a project hook, one per shell. */
function commandsOf(hook: string): string[] {
  const block = new RegExp(`^ {2}${hook}:\\n((?: {4,}.*\\n)+)`, 'm').exec(text)?.[1] ?? '';
  return [...block.matchAll(/^ +run: (.+)$/gm)].map((match) => match[1] ?? '');
}

describe('azure.yaml', () => {
  it('deploys the zip that npm run package makes, and a bare deploy the folder with the same files', async () => {
    const steps = /^workflows:\n {2}up:\n {4}steps:\n((?: {6}- .+\n)+)/m.exec(text)?.[1];
    expect(steps).toBe('      - azd: provision\n      - azd: deploy api --from-package .weir/package/weir.zip\n');
    expect(text).toMatch(/^ {4}dist: \.weir\/package\/app$/m);
    expect(text).toMatch(/^ {4}remoteBuild: false$/m);
    const tool = await readFile(join(root, 'tools/package.ts'), 'utf8');
    expect(tool).toContain("const packageDirectory = join(root, '.weir', 'package');");
    for (const name of ["'weir.zip'", "'app'"]) expect(tool).toContain(`join(packageDirectory, ${name})`);
  });

  it.each(['predeploy', 'prepackage'])('packs before azd takes the package (%s)', (hook) => {
    expect(commandsOf(hook)).toEqual(Array(2).fill('node tools/bootstrap.mjs tools/package.ts'));
  });

  it('publishes the configuration after the package, and before it only where there is none', () => {
    for (const command of commandsOf('postprovision')) expect(command).toMatch(/ --publish --if-none$/);
    for (const command of commandsOf('postdeploy')) expect(command).toMatch(/ --publish$/);
    expect([commandsOf('postprovision').length, commandsOf('postdeploy').length]).toEqual([2, 2]);
  });

  it('does not hide node_modules from azd by a pattern: azd then wants to build remotely', async () => {
    const patterns = (await readFile(join(root, '.funcignore'), 'utf8')).split('\n');
    expect(patterns).toContain('!/node_modules');
  });
});
