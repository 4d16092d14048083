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

/**
 * Verifies Entra ID access tokens with jose: RS256 only, issuer and audience as configured, signing keys cached per address.
 * `fetchKeys` fetches those keys; the platform's own fetch when absent.
 */
export function makeEntraTokenVerifier(now: () => number, fetchKeys?: FetchImplementation): TokenVerifier {
  const jwksOptions = {
    cooldownDuration: jwksCoolDownMs,
    cacheMaxAge: jwksMaxAgeMs,
    timeoutDuration: jwksTimeoutMs,
    ...(fetchKeys === undefined ? {} : { [customFetch]: fetchKeys }),
  };
  const keySets = new Map<string, JWTVerifyGetKey>();
  const keySetOf = (uri: string) => {
    const known = keySets.get(uri) ?? createRemoteJWKSet(new URL(uri), jwksOptions);
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
        return { outcome: 'verified', claims: readClaims(payload) };
      } catch (cause) {
        return isOfToken(cause) ? { outcome: 'refused' } : { outcome: 'unavailable', cause };
      }
    },
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
