import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** The JSON Schema (draft 2020-12) of the configuration file as text: what an editor checks while somebody writes one. */
export function publishConfigSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'throw' });
  return `${JSON.stringify({ ...schema, title: 'Weir configuration' }, null, 2)}\n`;
}
