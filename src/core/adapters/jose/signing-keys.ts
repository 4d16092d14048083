import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  jwksCache,
} from 'jose';

/** Tokens with unknown key ids must not turn into a stream of requests to the issuer. */
const coolDownMs = 30_000;
const maxAgeMs = 600_000;
const timeoutMs = 5000;
/** While the issuer does not answer, requests with tokens must not turn into a stream either. */
const failureCoolDownMs = 2000;
/** How long after they were fetched keys are believed while no newer ones can be had; also how long a withdrawn key may outlive that. */
const keptForMs = 86_400_000;

interface KeptKeys {
  readonly source: object;
  readonly keyOf: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

/**
 * Finds the key of a token among the issuer's signing keys at `uri`, fetched anew every ten minutes. When they cannot be, the last
 * good ones serve for 24 hours after they were fetched; a key id that is not among those throws what the fetch threw.
 */
export function makeSigningKeys(uri: string, fetchKeys: FetchImplementation, now: () => number): JWTVerifyGetKey {
  const cache: JWKSCacheInput = {};
  const remote = createRemoteJWKSet(new URL(uri), {
    cooldownDuration: coolDownMs,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: timeoutMs,
    [customFetch]: spareIssuer(fetchKeys, now),
    [jwksCache]: cache,
  });
  let kept: KeptKeys | null = null;
  const keepNewest = () => {
    // jose puts every set that it fetched and found well-formed here, and nothing else.
    const newest = cache.jwks;
    if (newest === undefined || newest === kept?.source) return;
    kept = { source: newest, keyOf: createLocalJWKSet(newest), fetchedAtMs: now() };
  };
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (cause) {
      if (!isOfKeySet(cause)) throw cause;
      const keys = kept;
      if (keys === null || now() - keys.fetchedAtMs > keptForMs) throw cause;
      return await findAmongKept(keys, cause, header, token);
    } finally {
      keepNewest();
    }
  };
}

async function findAmongKept(keys: KeptKeys, cause: unknown, ...of: Parameters<JWTVerifyGetKey>) {
  try {
    return await keys.keyOf(...of);
  } catch (error) {
    // The issuer may have published that key since: nobody can tell before it answers.
    throw error instanceof errors.JWKSNoMatchingKey ? cause : error;
  }
}

/** Whether the key set is at fault: jose throws its base class or a network's error for that, its own subclasses for a token. */
export function isOfKeySet(cause: unknown): boolean {
  if (!(cause instanceof errors.JOSEError)) return true;
  return (
    cause instanceof errors.JWKSTimeout || cause instanceof errors.JWKSInvalid || cause.code === 'ERR_JOSE_GENERIC'
  );
}

/** Fetches nothing for a moment after a failure; jose itself spares the issuer only after a success. */
function spareIssuer(fetchKeys: FetchImplementation, now: () => number): FetchImplementation {
  let failedAtMs = Number.NEGATIVE_INFINITY;
  return async (url, options) => {
    const sinceMs = now() - failedAtMs;
    if (sinceMs >= 0 && sinceMs < failureCoolDownMs) throw new Error('The signing keys could not be had a moment ago');
    try {
      const response = await fetchKeys(url, options);
      if (response.status !== 200) failedAtMs = now();
      return response;
    } catch (error) {
      failedAtMs = now();
      throw error;
    }
  };
}
