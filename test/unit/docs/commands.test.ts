import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsOf } from './config-settings.ts';
import { type DocumentedCommand, readCommands } from './documented-commands.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(join(root, path)).isFile());

const pages = [
  'README.md',
  'SECURITY.md',
  ...filesIn('docs').filter((path) => path.endsWith('.md')),
  ...filesIn('tools').filter((path) => path.endsWith('README.md')),
];
const commands = pages.flatMap((page) => readCommands(read(page)).map((command) => ({ page, ...command })));
const show = ({ page, program, words, flags }: DocumentedCommand & { page: string }) =>
  `${page}: ${[program, ...words, ...flags.map((flag) => `--${flag}`)].join(' ')}`;

const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

/** The file that a command runs; null when there is no such script. */
function entryOf({ program }: DocumentedCommand): string | null {
  const line = program.startsWith('node ') ? program : (scripts[program.replace(/^npm (run )?/, '')] ?? '');
  return /(\S+)$/.exec(line)?.[1] ?? null;
}

/** Where the flags of the commands of a command line are declared. */
const subcommands: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'tools/weir/main.ts': {
    keys: 'tools/weir/keys-command.ts',
    doctor: 'tools/weir/doctor-command.ts',
    backup: 'tools/weir/backup-command.ts',
    restore: 'tools/weir/backup-command.ts',
  },
  'bench/main.ts': { capacity: 'bench/capacity', regions: 'bench/regions', estimates: 'bench/estimates' },
};

/** Sources in which a command's flags are declared; null when it names a command that there is not. */
function sourcesOf(command: DocumentedCommand): string[] | null {
  const entry = entryOf(command);
  if (entry === null) return null;
  const [word] = command.words;
  const known = subcommands[entry];
  const place = known === undefined || word === undefined ? entry : known[word];
  if (place === undefined) return null;
  if (place.endsWith('main.ts')) return filesIn(dirname(place)).filter((path) => path.endsWith('.ts'));
  return place.endsWith('.ts') ? [place] : filesIn(place).filter((path) => path.endsWith('.ts'));
}

/** As `util.parseArgs` is told of them, or compared by hand. */
const declared = (flag: string, source: string) =>
  new RegExp(`(?:'${flag}'|\\b${flag}): \\{\\s*type: |'--${flag}'`).test(source);

describe('what the pages tell to type', () => {
  it('is found', () => {
    expect(commands.length).toBeGreaterThan(80);
    const weir = commands.filter(({ program }) => program === 'npm run weir');
    expect(new Set(weir.flatMap(({ words }) => words.slice(0, 1)))).toEqual(
      new Set(['keys', 'doctor', 'backup', 'restore']),
    );
    // Flags that come by a variable of the shell, and after a line's continuation.
    expect(weir.find(({ words }) => words[1] === 'list')?.flags).toEqual(['team', 'blob', 'account', 'config']);
    expect(weir.find(({ flags }) => flags.includes('resource-group'))?.flags).toHaveLength(6);
  });

  it('is a script of package.json or a file that is there', () => {
    const wrong = commands.filter((command) => !existsSync(join(root, entryOf(command) ?? 'missing')));
    expect(wrong.map(show)).toEqual([]);
  });

  it('names commands and flags that the program knows', () => {
    const wrong = commands.filter((command) => {
      // What follows `npm test --` is the test runner's own.
      if (command.program === 'npm test') return false;
      const sources = sourcesOf(command)?.map(read);
      return sources === undefined || command.flags.some((flag) => !sources.some((source) => declared(flag, source)));
    });
    expect(wrong.map(show)).toEqual([]);
  });
});

/** Code within sentences. */
const spansOf = (page: string) =>
  [
    ...read(page)
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, code]) => code ?? '');

/** What the pages name, as `page: name`, one line each, where `isThere` says no. */
function findMissing(named: (page: string) => Iterable<string>, isThere: (name: string) => boolean): string[] {
  const all = pages.flatMap((page) => [...named(page)].map((name) => ({ page, name })));
  expect(all.length).toBeGreaterThan(20);
  return all.filter(({ name }) => !isThere(name)).map(({ page, name }) => `${page}: ${name}`);
}

describe('what the pages name', () => {
  const folders = ['src', 'test', 'tools', 'infra', 'bench', 'docs', '.github'];
  const files = folders.flatMap(filesIn);

  it('are files that are there', () => {
    const isPath = (span: string) => folders.some((folder) => span.startsWith(`${folder}/`)) && /^[\w./-]+$/.test(span);
    const isSource = (span: string) => /^[a-z][a-z-]*\.(ts|mjs|bicep|yml)$/.test(span);
    const isThere = (span: string) =>
      isPath(span) ? existsSync(join(root, span)) : files.some((path) => path.endsWith(`/${span}`));
    const named = (page: string) => spansOf(page).filter((span) => isPath(span) || isSource(span));
    expect(findMissing(named, isThere)).toEqual([]);
  });

  it('are settings of the environment that something reads or writes', () => {
    const places = files.filter(
      (path) => !/^(docs|test)\//.test(path) && /\.(ts|mjs|bicep|bicepparam|yml)$/.test(path),
    );
    const name = /\bWEIR_[A-Z_]+[A-Z]\b/g;
    const known = new Set(places.flatMap((path) => read(path).match(name) ?? []));
    expect(
      findMissing(
        (page) => new Set(read(page).match(name)),
        (setting) => known.has(setting),
      ),
    ).toEqual([]);
  });

  it('are settings of the configuration that its schema has', () => {
    const settings = settingsOf().map(([path]) => path.replaceAll('[]', ''));
    const groups = new Set(settings.map((path) => path.split('.')[0] ?? ''));
    const named = (page: string) =>
      spansOf(page)
        .filter((span) => /^[a-z]\w*(\[\])?(\.\w+(\[\])?)+$/i.test(span))
        .map((span) => span.replaceAll('[]', ''))
        .filter((span) => groups.has(span.split('.')[0] ?? ''));
    const isSetting = (span: string) => settings.some((path) => path === span || path.startsWith(`${span}.`));
    expect(findMissing(named, isSetting)).toEqual([]);
  });
});
