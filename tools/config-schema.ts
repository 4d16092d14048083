import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publishConfigSchema } from '../src/core/config/publish-config-schema.ts';

// Writes weir.config.schema.json from the schema in code, formatted as `check` wants it: `node tools/config-schema.ts`.
const target = fileURLToPath(new URL('../weir.config.schema.json', import.meta.url));
const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));
writeFileSync(target, execFileSync(biome, ['format', `--stdin-file-path=${target}`], { input: publishConfigSchema() }));
