import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../../src/core/app-settings.ts';
import { notYetInForce } from '../../../src/core/config/not-yet-in-force.ts';
import { parseConfig } from '../../../src/core/config/parse-config.ts';
import { operations as routes } from '../../../src/core/http/openapi/build-openapi.ts';
import { refusals } from '../../../src/core/http/openapi/refusals.ts';
import { errorStatuses } from '../../../src/core/http/weir-error.ts';
import { mergeKeys, parseKeysDocument } from '../../../src/core/identity/keys-document.ts';
import { jobStatuses } from '../../../src/core/jobs/job.ts';
import { exampleConfig } from '../core/config/example.ts';
import { settingsOf } from './config-settings.ts';

const root = join(import.meta.dirname, '../../..');
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const configuration = read('docs/configuration.md');
const http = read('docs/http.md');
const operations = read('docs/operations.md');

/** Cells of every table row of a page. */
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('docs/configuration.md', () => {
  it('has one row for each setting of the schema, with its default, and none for anything else', () => {
    const settings = settingsOf();
    const tables = configuration.slice(0, configuration.indexOf('## Team keys'));
    const rows = rowsOf(tables).filter(([first]) => first?.startsWith('`'));
    expect(rows.map(([name, value]) => `${name} ${value}`)).toEqual(
      settings.map(([name, value]) => `\`${name}\` ${value === null ? '—' : `\`${value}\``}`),
    );
    for (const row of rows) expect(row[2], row[0]).toMatch(/./);
  });

  it('has a row for every setting of the app', () => {
    const named = rowsOf(configuration).map(([first]) => first);
    for (const name of settingNames) expect(named).toContain(`\`${name}\``);
  });

  it('says of the same settings as the start that they are not in force', () => {
    const everything = exampleConfig({
      limits: { maxSyncWaitSeconds: 1 },
      teams: [
        {
          id: 'search',
          models: ['gpt-4.1-mini'],
          fallbackModel: 'gpt-4.1-mini',
          budget: { monthlyUsd: '1.00' },
          cache: { exact: true, semantic: 'on' },
        },
      ],
    });
    const told = notYetInForce(everything).map((sentence) => sentence.split(' ')[0]);
    const section = configuration.slice(configuration.indexOf('## Not in force yet'));
    const listed = rowsOf(section).flatMap(([first]) =>
      [...(first ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    );
    expect(listed.sort()).toEqual(told.sort());
    const marked = rowsOf(configuration).filter(
      ([, value, meaning]) => value !== undefined && meaning?.includes('not in force'),
    );
    expect(marked.map(([first]) => first?.slice(1, -1)).sort()).toEqual(told.sort());
  });

  it('shows documents that are valid', () => {
    const blocks = [...configuration.matchAll(/```json\n([^`]*)```/g)].map((match) => match[1] ?? '');
    expect(blocks).toHaveLength(2);
    const config = parseConfig(blocks[0] ?? '');
    const keys = parseKeysDocument(blocks[1] ?? '');
    if (config.outcome !== 'valid' || keys.outcome !== 'valid') throw new Error(JSON.stringify([config, keys]));
    expect(mergeKeys(config.config, keys.keys).teams[0]?.keys).toHaveLength(1);
  });
});

describe('docs/http.md', () => {
  it('tells every route, every status of a job and every refusal with its status', () => {
    for (const { path } of routes) expect(http).toMatch(new RegExp(path.replace(/\{\w+\}/g, '[^\\s?/]+')));
    for (const status of jobStatuses) expect(http).toContain(`| \`${status}\` |`);
    for (const { code } of refusals) {
      const inTable = new RegExp(`^\\| ${errorStatuses[code]} \\| \`${code}\``, 'm');
      expect(inTable.test(http) || http.includes(`\`${code}\` (${errorStatuses[code]})`), code).toBe(true);
    }
  });
});

describe('docs/operations.md', () => {
  it('tells every notice that the code can give', () => {
    const sources = readdirSync(join(root, 'src/core'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('openapi'))
      .map((name) => read(join('src/core', name)))
      .filter((text) => /notice/i.test(text));
    const given = /(?:\bname: |[nN]otice\(|'(?:debug|info|warning|error)',\s*)'([a-z]+(?:_[a-z]+)*)'/g;
    const levels = ['debug', 'info', 'warning', 'error', 'silent'];
    const names = sources.flatMap((text) => [...text.matchAll(given)].map((match) => match[1] ?? ''));
    const notices = [...new Set(names)].filter((name) => !levels.includes(name));
    expect(notices.length).toBeGreaterThan(15);
    const listed = rowsOf(operations.slice(operations.indexOf('## Notices'), operations.indexOf('## What is kept')));
    for (const name of notices) expect(listed.map(([first]) => first).join(), name).toContain(`\`${name}\``);
  });
});

describe('the pages in docs', () => {
  const pages = [
    'README.md',
    'SECURITY.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const anchorsOf = (text: string) =>
    [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    for (const link of links.filter((one) => !/^https?:/.test(one))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      const isFolder = target.endsWith('/');
      const text = isFolder ? readdirSync(join(root, target)).join() : read(target);
      if (anchor !== undefined) expect(anchorsOf(text), `${page} → ${link}`).toContain(anchor);
    }
  });
});
