import { publishConfigSchema } from '../../../src/core/config/publish-config-schema.ts';
import { isJsonObject } from '../../../src/core/http/parse-json.ts';

/** Every setting of the configuration that is no group, with its default as JSON; null without one. */
export function settingsOf(): [string, string | null][] {
  return [...walk(JSON.parse(publishConfigSchema()), '')];
}

function* walk(node: unknown, path: string): Generator<[string, string | null]> {
  if (!isJsonObject(node)) return;
  const { anyOf, properties, items } = node;
  const alternatives: unknown[] = Array.isArray(anyOf) ? anyOf : [];
  const form = alternatives.find((one) => isJsonObject(one) && one['type'] !== 'null');
  if (isJsonObject(form) && isJsonObject(form['properties'])) yield* walk(form, path);
  else if (isJsonObject(properties)) {
    for (const [name, inner] of Object.entries(properties)) yield* walk(inner, path === '' ? name : `${path}.${name}`);
  } else if (isJsonObject(items) && isJsonObject(items['properties'])) yield* walk(items, `${path}[]`);
  else yield [path, 'default' in node ? JSON.stringify(node['default']) : null];
}
