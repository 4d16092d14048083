import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BicepSession } from '../../../tools/infra/bicep-session.ts';
import { checkInfra } from '../../../tools/infra/check.ts';
import { bicepVersion } from '../../../tools/infra/install-bicep.ts';
import { runBicep } from '../../../tools/infra/run-bicep.ts';

const patienceMs = 300_000;
const template = `param name string
resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: resourceGroup().location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: { allowSharedKeyAcces: false }
}
`;
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-check-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

describe('infra check', () => {
  it(
    'counts a misspelt property, which the CLI only warns about, at every step that sees it',
    async () => {
      await mkdir(join(directory, 'env'));
      await writeFile(join(directory, 'main.bicep'), template);
      await writeFile(join(directory, 'env/dev.bicepparam'), "using '../main.bicep'\nparam name = 'weirtest'\n");
      const { exitCode } = await runBicep(['build', 'main.bicep', '--stdout'], directory);
      expect(exitCode).toBe(0);
      const steps = await checkInfra(directory);
      expect(steps.map(({ step }) => step)).toEqual([
        'build main.bicep',
        'lint main.bicep',
        'build-params env/dev.bicepparam',
        'snapshot env/dev.bicepparam',
      ]);
      for (const { diagnostics } of steps) expect(diagnostics.join('\n')).toContain('allowSharedKeyAcces');
    },
    patienceMs,
  );

  it('tells why when the CLI ends without an answer', async () => {
    const broken = join(directory, 'bicep');
    const lines = ['#!/bin/sh', `if [ "$1" = --version ]; then echo "version ${bicepVersion}"; exit; fi`];
    await writeFile(broken, [...lines, 'echo "no libicu here" >&2', 'exit 134', ''].join('\n'));
    await chmod(broken, 0o755);
    vi.stubEnv('WEIR_BICEP', broken);
    const session = await BicepSession.open();
    await expect(session.call('bicep/version', {})).rejects.toThrow(/ended \(134\)|EPIPE/);
    expect((await runBicep(['build', 'main.bicep'], directory)).diagnostics).toEqual(['no libicu here']);
  });
});
