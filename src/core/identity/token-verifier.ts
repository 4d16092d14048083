import type { IdentityConfig } from '../config/config-schema.ts';

/** What a verified identity says of itself. */
export interface IdentityClaims {
  /** Application that calls: `azp` (v2 tokens) or `appid` (v1). */
  readonly appId: string | null;
  /** App roles and groups. */
  readonly roles: readonly string[];
}

export type TokenVerification =
  | { readonly outcome: 'verified'; readonly claims: IdentityClaims }
  /** Forged, expired, from elsewhere or for somebody else. */
  | { readonly outcome: 'refused' }
  /** The key of the token is not known and the issuer cannot be asked: nothing can be said of the token. */
  | { readonly outcome: 'unavailable'; readonly cause: unknown };

/** Port: checks signature, issuer, audience and time of an access token; never throws for what a token holds. */
export interface TokenVerifier {
  verify(token: string, identity: IdentityConfig): Promise<TokenVerification>;
}

/** Issuers whose tokens are accepted: the configured one, or both of the tenant (v2 and v1 tokens). */
export function issuersOf(identity: IdentityConfig): readonly string[] {
  if (identity.issuer !== undefined) return [identity.issuer];
  return [
    `https://login.microsoftonline.com/${identity.tenantId}/v2.0`,
    `https://sts.windows.net/${identity.tenantId}/`,
  ];
}

/** Address of the issuer's signing keys: the configured one, or the tenant's. */
export function jwksUriOf(identity: IdentityConfig): string {
  return identity.jwksUri ?? `https://login.microsoftonline.com/${identity.tenantId}/discovery/v2.0/keys`;
}
