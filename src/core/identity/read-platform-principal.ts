import { isJsonObject, parseJson } from '../http/parse-json.ts';
import type { IdentityClaims } from './token-verifier.ts';

const appIdTypes: ReadonlySet<string> = new Set(['azp', 'appid']);
const roleTypes: ReadonlySet<string> = new Set([
  'roles',
  'groups',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
]);

/** Decodes `X-MS-CLIENT-PRINCIPAL` (base64 of `{ role_typ, claims: [{ typ, val }] }`); null when it is anything else. */
export function readPlatformPrincipal(encoded: string): IdentityClaims | null {
  const text = decodeBase64(encoded);
  const reading = text === null ? null : parseJson(text);
  if (reading?.outcome !== 'parsed' || !isJsonObject(reading.value)) return null;
  const claims = reading.value['claims'];
  if (!Array.isArray(claims)) return null;
  const roleType = reading.value['role_typ'];
  const pairs = claims.flatMap((claim) => {
    if (!isJsonObject(claim)) return [];
    const { typ, val } = claim;
    return typeof typ === 'string' && typeof val === 'string' ? [{ typ, val }] : [];
  });
  return {
    appId: pairs.find(({ typ }) => appIdTypes.has(typ))?.val ?? null,
    roles: pairs.filter(({ typ }) => roleTypes.has(typ) || typ === roleType).map(({ val }) => val),
  };
}

function decodeBase64(encoded: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
