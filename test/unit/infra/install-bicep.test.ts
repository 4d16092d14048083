import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bicepVersion, installBicep } from '../../../tools/infra/install-bicep.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-bicep-'));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

describe('installBicep', () => {
  it('says what is needed where there is neither the CLI nor dotnet, and leaves nothing behind', async () => {
    const cache = join(directory, 'cache');
    await expect(installBicep({ PATH: join(directory, 'nothing') }, cache)).rejects.toThrow(
      /'dotnet' was not found.*install a \.NET SDK.*WEIR_BICEP/,
    );
    await expect(readdir(cache)).rejects.toThrow(/ENOENT/);
  });

  it('takes the CLI that WEIR_BICEP names only in the pinned version', async () => {
    const [right, wrong] = [join(directory, 'right'), join(directory, 'wrong')];
    await writeFile(right, `#!/bin/sh\necho "Bicep CLI version ${bicepVersion} (abc)"\n`);
    await writeFile(wrong, '#!/bin/sh\necho "Bicep CLI version 0.1.0 (abc)"\n');
    for (const path of [right, wrong]) await chmod(path, 0o755);
    expect(await installBicep({ WEIR_BICEP: right })).toBe(right);
    await expect(installBicep({ WEIR_BICEP: wrong })).rejects.toThrow(/found 0\.1\.0/);
    await expect(installBicep({ WEIR_BICEP: join(directory, 'missing') })).rejects.toThrow(/found none that runs/);
  });
});
