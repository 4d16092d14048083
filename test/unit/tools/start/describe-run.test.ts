import { describe, expect, it } from 'vitest';
import { describeRun } from '../../../../tools/start/describe-run.ts';

const run = {
  baseUrl: 'http://127.0.0.1:7071',
  keys: { search: 'weir_search_x', support: 'weir_support_y' },
  simulatorUrl: null,
  storageConnectionString: '',
  configSetting: 'weir.config.json',
  pids: { launcher: 1, host: 2, azurite: null, simulator: null },
  startedAt: '2026-11-23T11:00:00.000Z',
};
const config = {
  pools: [{ model: 'text-embedding-3-small' }, { model: 'gpt-4.1-mini' }],
  teams: [
    { id: 'search', models: ['text-embedding-3-small'] },
    { id: 'support', models: ['gpt-4.1-mini'] },
  ],
};

describe('describeRun', () => {
  it('shows a command with the key of the first team that may chat', () => {
    const text = describeRun(run, config, 1234);
    expect(text).toContain('ready at http://127.0.0.1:7071 (1.2 s)');
    const command = text.split('\n').find((line) => line.includes('/jobs -H'));
    expect(command).toContain('weir_support_y');
    const body: unknown = JSON.parse(/-d '([^']*)'/.exec(command ?? '')?.[1] ?? '');
    expect(body).toMatchObject({ endpoint: '/v1/chat/completions', body: { model: 'gpt-4.1-mini' } });
  });

  it('shows no command when no key is known', () => {
    expect(describeRun({ ...run, keys: {} }, config, 1)).not.toContain('curl');
  });
});
