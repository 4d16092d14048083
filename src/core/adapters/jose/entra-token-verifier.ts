import { type FetchImplementation, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type IdentityClaims, issuersOf, jwksUriOf, type TokenVerifier } from '../../identity/token-verifier.ts';
import { isOfKeySet, makeSigningKeys } from './signing-keys.ts';

/** Clocks of issuer and gateway may differ by this much. */
const clockToleranceSeconds = 60;

/**
 * Verifies Entra ID access tokens with jose: RS256 only, issuer and audience as configured, signing keys cached per address.
 * `fetchKeys` fetches those keys; the platform's own fetch when absent.
 */
export function makeEntraTokenVerifier(now: () => number, fetchKeys?: FetchImplementation): TokenVerifier {
  const keySets = new Map<string, JWTVerifyGetKey>();
  const keySetOf = (uri: string) => {
    const known = keySets.get(uri) ?? makeSigningKeys(uri, fetchKeys ?? fetch, now);
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
        return isOfKeySet(cause) ? { outcome: 'unavailable', cause } : { outcome: 'refused' };
      }
    },
  };
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
