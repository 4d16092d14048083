import type { TeamConfig, WeirConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Sha256 } from '../random.ts';
import { findClaimsTeam } from './find-claims-team.ts';
import { findKeyTeam } from './find-key-team.ts';
import type { Principal } from './principal.ts';
import { type HeaderReader, readCredential } from './read-credential.ts';
import { readPlatformPrincipal } from './read-platform-principal.ts';
import type { IdentityClaims, TokenVerifier } from './token-verifier.ts';

export interface AuthenticationPorts {
  readonly config: WeirConfig;
  readonly sha256: Sha256;
  readonly tokenVerifier: TokenVerifier;
  /** Whether the platform's own authentication is on (`WEBSITE_AUTH_ENABLED`): only then is its header to be believed. */
  readonly isPlatformAuthOn: boolean;
}

/**
 * Decides who is asking (design §4.1). Returns the refusal (401, 403 for a verified identity without a team, 503 while nobody
 * can tell) instead of throwing it; the message never repeats a credential and does not tell whether a key once existed.
 */
export async function authenticate(ports: AuthenticationPorts, headers: HeaderReader): Promise<Principal | WeirError> {
  const credential = readCredential(headers, ports.isPlatformAuthOn);
  switch (credential.kind) {
    case 'none':
      return new WeirError(
        'invalid_api_key',
        'No credential was received; send Authorization: Bearer <key or token>, or api-key: <key>.',
      );
    case 'refused':
      return new WeirError('invalid_api_key', credential.message);
    case 'key': {
      const team = findKeyTeam(ports.config.teams, ports.sha256(credential.key));
      return team === null ? unknownKey() : principalOf(team, false, 'key');
    }
    case 'token':
      return authenticateToken(ports, credential.token, headers);
    case 'platform':
      return authenticatePlatform(ports.config, credential.encoded);
  }
}

async function authenticateToken(
  ports: AuthenticationPorts,
  token: string,
  headers: HeaderReader,
): Promise<Principal | WeirError> {
  // A team's key may look like a token; what is known as a key needs no verification.
  const keyTeam = findKeyTeam(ports.config.teams, ports.sha256(token));
  if (keyTeam !== null) return principalOf(keyTeam, false, 'key');
  const { identity } = ports.config;
  if (identity === null) {
    // The platform has verified this very token and says so in its own header.
    const encoded = ports.isPlatformAuthOn ? headers.get('x-ms-client-principal') : null;
    return encoded === null ? unknownKey() : authenticatePlatform(ports.config, encoded);
  }
  const verification = await ports.tokenVerifier.verify(token, identity);
  switch (verification.outcome) {
    case 'verified':
      return principalOfClaims(ports.config, verification.claims, 'entra');
    case 'refused':
      return new WeirError(
        'invalid_api_key',
        'The token was not accepted; get a new one for the audience of this gateway from the right tenant.',
      );
    case 'unavailable':
      return new WeirError('identity_unavailable', 'The token could not be checked now; try again shortly.', {
        retryAfterMs: 2000,
        cause: verification.cause,
      });
  }
}

function authenticatePlatform(config: WeirConfig, encoded: string): Principal | WeirError {
  const claims = readPlatformPrincipal(encoded);
  if (claims !== null) return principalOfClaims(config, claims, 'platform');
  return new WeirError('invalid_api_key', 'The principal of the platform is malformed.');
}

function principalOfClaims(
  config: WeirConfig,
  claims: IdentityClaims,
  authenticatedBy: Principal['authenticatedBy'],
): Principal | WeirError {
  const reading = findClaimsTeam(config, claims);
  if (reading.outcome === 'found') return principalOf(reading.team, reading.isOperator, authenticatedBy);
  const reason = reading.outcome === 'nobody' ? 'belongs to no team' : 'belongs to several teams';
  return new WeirError(
    'forbidden',
    `Your identity was verified but ${reason}. Ask your platform team to map it to one.`,
  );
}

function principalOf(team: TeamConfig, isOperator: boolean, authenticatedBy: Principal['authenticatedBy']): Principal {
  return { team: team.id, role: isOperator ? 'operator' : team.role, authenticatedBy };
}

function unknownKey(): WeirError {
  return new WeirError(
    'invalid_api_key',
    'The credential was not accepted; check it, or ask your platform team for a new key.',
  );
}
