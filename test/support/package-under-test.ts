import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An unpacked package, and the app settings that the templates write beside it. */
export interface PackageUnderTest {
  readonly appFolder: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The package that `npm run check:package` wants tested; null = the tests run what is built from the sources. */
export function readPackageUnderTest(): PackageUnderTest | null {
  const folder = process.env['WEIR_PACKAGE_UNDER_TEST'];
  if (folder === undefined) return null;
  return {
    appFolder: join(folder, 'app'),
    settings: JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')),
  };
}
