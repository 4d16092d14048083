import { makeEntraTokenVerifier } from '../adapters/jose/entra-token-verifier.ts';
import type { OuterPorts } from '../gateway/outer-ports.ts';
import { WeirError } from '../http/weir-error.ts';
import { authenticate } from '../identity/authenticate.ts';
import type { Principal } from '../identity/principal.ts';
import type { HeaderReader } from '../identity/read-credential.ts';
import { settings } from './settings.ts';

/** Who is asking; throws the refusal. */
export type Authenticate = (headers: HeaderReader) => Promise<Principal>;

/** Judges by the configuration that is in force when a request comes. */
export function makeAuthenticate({ config, clock, sha256 }: OuterPorts): Authenticate {
  const tokenVerifier = makeEntraTokenVerifier(() => clock.now());
  const isPlatformAuthOn = settings.WEBSITE_AUTH_ENABLED?.toLowerCase() === 'true';
  return async (headers) => {
    const asked = { config: config.current(), sha256, tokenVerifier, isPlatformAuthOn };
    const principal = await authenticate(asked, headers);
    if (principal instanceof WeirError) throw principal;
    return principal;
  };
}
