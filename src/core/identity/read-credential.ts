/** Headers by name in any case; several of one name come joined, as Fetch has it. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** What a request brings to say who is asking. */
export type Credential =
  | { readonly kind: 'none' }
  /** Unreadable, or two that differ: nobody can tell which was meant. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }
  /** The platform's own statement, still encoded. */
  | { readonly kind: 'platform'; readonly encoded: string };

/** No blank, no comma: two headers joined into one are not a credential. */
const credentialPattern = /^[\x21-\x2b\x2d-\x7e]{1,16384}$/;
const tokenPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Reads the one credential of a request: `Authorization: Bearer` or `api-key`, and the platform's principal where the
 * platform vouches for it and nothing else is there. Other headers and the query are never looked at.
 */
export function readCredential(headers: HeaderReader, isPlatformAuthOn: boolean): Credential {
  const authorization = headers.get('authorization');
  const apiKey = headers.get('api-key');
  const bearer = authorization === null ? null : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
  const given = [bearer, apiKey].filter((credential) => credential !== null);
  const [credential] = given;
  if (credential === undefined) {
    const encoded = isPlatformAuthOn ? headers.get('x-ms-client-principal') : null;
    return encoded === null ? { kind: 'none' } : { kind: 'platform', encoded };
  }
  if (given.some((other) => other !== credential)) {
    return {
      kind: 'refused',
      message: 'Two differing credentials were received; send one, as Authorization: Bearer or as api-key.',
    };
  }
  if (!credentialPattern.test(credential)) {
    return {
      kind: 'refused',
      message: 'The credential is malformed; send Authorization: Bearer <key or token>, or api-key: <key>.',
    };
  }
  return bearer !== null && tokenPattern.test(credential)
    ? { kind: 'token', token: credential }
    : { kind: 'key', key: credential };
}
