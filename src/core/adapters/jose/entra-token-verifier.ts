import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { type IdentityClaims, issuersOf, jwksUriOf, type TokenVerifier } from '../../identity/token-verifier.ts';

/** Clocks of issuer and gateway may differ by this much. */
const clockToleranceSeconds = 60;

/** Tokens with unknown key ids must not turn into a stream of requests to the issuer. */
const jwksCoolDownMs = 30_000;
const jwksMaxAgeMs = 600_000;
const jwksTimeoutMs = 5000;
/** While the issuer does not answer, requests with tokens must not turn into a stream either. */
const failureCoolDownMs = 2000;

/**
 * Verifies Entra ID access tokens with jose: RS256 only, issuer and audience as configured, signing keys cached per address.
 * `fetchKeys` fetches those keys; the platform's own fetch when absent.
 */
export function makeEntraTokenVerifier(now: () => number, fetchKeys?: FetchImplementation): TokenVerifier {
  const jwksOptions = {
    cooldownDuration: jwksCoolDownMs,
    cacheMaxAge: jwksMaxAgeMs,
    timeoutDuration: jwksTimeoutMs,
  };
  const keySets = new Map<string, JWTVerifyGetKey>();
  const keySetOf = (uri: string) => {
    const spared = spareIssuer(fetchKeys ?? fetch, now);
    const known = keySets.get(uri) ?? createRemoteJWKSet(new URL(uri), { ...jwksOptions, [customFetch]: spared });
    keySets.set(uri, known);
    return known;
  };
  return {
    async verify(token, identity) {
      try {
        const { payload } = await jwtVerify(token, keySetOf(jwksUriOf(identity)), {
          algorithms: ['RS256'],
          issuer: [...issuersOf(identity)],
          audience: [...identity.audience],
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['exp'],
          currentDate: new Date(now()),
        });
        const claims = readClaims(payload);
        // Entra names the application in every access token and in no ID token: one of those signs nobody in here.
        const isIdToken = identity.tenantId !== undefined && claims.appId === null;
        return isIdToken ? { outcome: 'refused' } : { outcome: 'verified', claims };
      } catch (cause) {
        return isOfToken(cause) ? { outcome: 'refused' } : { outcome: 'unavailable', cause };
      }
    },
  };
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

/** jose throws its own subclasses for what is wrong with a token, and its base class or a network error for the key set. */
function isOfToken(cause: unknown): boolean {
  if (!(cause instanceof errors.JOSEError)) return false;
  const isOfKeySet =
    cause instanceof errors.JWKSTimeout || cause instanceof errors.JWKSInvalid || cause.code === 'ERR_JOSE_GENERIC';
  return !isOfKeySet;
}

function readClaims(payload: JWTPayload): IdentityClaims {
  const appId = payload['azp'] ?? payload['appid'];
  return {
    appId: typeof appId === 'string' ? appId : null,
    roles: [payload['roles'], payload['groups']].flatMap((list) =>
      Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [],
    ),
  };
}
