import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeEntraTokenVerifier } from '../../../../src/core/adapters/jose/entra-token-verifier.ts';
import { exampleConfig } from '../config/example.ts';

const tenantId = '22222222-2222-4222-8222-222222222222';
const identity = exampleConfig({ identity: { tenantId, audience: ['api://weir'] } }).identity;
if (identity === null) throw new Error('The example has an identity');
const now = Date.parse('2026-11-23T12:00:00Z');
const nowSeconds = now / 1000;

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
let signing: KeyPair;
let foreign: KeyPair;
let jwks: string;

beforeAll(async () => {
  signing = await generateKeyPair('RS256');
  foreign = await generateKeyPair('RS256');
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(signing.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] });
});

function makeVerifier(fetches: string[] = []) {
  return makeEntraTokenVerifier(
    () => now,
    async (url) => {
      fetches.push(String(url));
      return new Response(jwks, { headers: { 'content-type': 'application/json' } });
    },
  );
}

interface TokenParts {
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresAt?: number | null;
  readonly notBefore?: number;
  readonly kid?: string;
  readonly key?: KeyPair['privateKey'];
  readonly claims?: Record<string, unknown>;
}

function sign(parts: TokenParts = {}): Promise<string> {
  const { issuer, audience, expiresAt, notBefore, kid, key, claims } = parts;
  const draft = new SignJWT({ azp: 'app-1', roles: ['Weir.Search'], ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: kid ?? 'one' })
    .setIssuer(issuer ?? `https://login.microsoftonline.com/${tenantId}/v2.0`)
    .setAudience(audience ?? 'api://weir')
    .setNotBefore(notBefore ?? nowSeconds - 10);
  if (expiresAt !== null) draft.setExpirationTime(expiresAt ?? nowSeconds + 3600);
  return draft.sign(key ?? signing.privateKey);
}

describe('the Entra token verifier', () => {
  it('accepts v2 and v1 tokens of the tenant and fetches the keys once', async () => {
    const fetches: string[] = [];
    const verifier = makeVerifier(fetches);
    expect(await verifier.verify(await sign(), identity)).toEqual({
      outcome: 'verified',
      claims: { appId: 'app-1', roles: ['Weir.Search'] },
    });
    const old = await sign({
      issuer: `https://sts.windows.net/${tenantId}/`,
      claims: { azp: undefined, appid: 'app-2', roles: undefined, groups: ['g', 1] },
    });
    expect(await verifier.verify(old, identity)).toEqual({
      outcome: 'verified',
      claims: { appId: 'app-2', roles: ['g'] },
    });
    expect(fetches).toEqual([`https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`]);
  });

  it.each<[string, () => Promise<string>]>([
    ['another issuer', () => sign({ issuer: 'https://login.microsoftonline.com/other/v2.0' })],
    ['another audience', () => sign({ audience: 'api://else' })],
    ['an expired token', () => sign({ expiresAt: nowSeconds - 61 })],
    ['a token without an end', () => sign({ expiresAt: null })],
    ['a token of the future', () => sign({ notBefore: nowSeconds + 61 })],
    ['a foreign signature', () => sign({ key: foreign.privateKey })],
    ['an unknown key id', () => sign({ kid: 'two' })],
    [
      'a secret as key',
      () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'HS256' })
          .setExpirationTime(nowSeconds + 60)
          .sign(new Uint8Array(32)),
    ],
    ['no signature', async () => `${(await sign()).split('.').slice(0, 2).join('.')}.`],
    [
      'alg none',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await sign()).split('.')[1]}.AA`,
    ],
    ['nonsense', async () => 'a.b.c'],
  ])('refuses %s', async (_name, token) => {
    expect(await makeVerifier().verify(await token(), identity)).toEqual({ outcome: 'refused' });
  });

  it('tolerates clocks that differ by up to a minute', async () => {
    const verifier = makeVerifier();
    expect(await verifier.verify(await sign({ expiresAt: nowSeconds - 58 }), identity)).toMatchObject({
      outcome: 'verified',
    });
    expect(await verifier.verify(await sign({ notBefore: nowSeconds + 58 }), identity)).toMatchObject({
      outcome: 'verified',
    });
  });

  it('asks the issuer once for many unknown key ids', async () => {
    const fetches: string[] = [];
    const verifier = makeVerifier(fetches);
    for (let count = 0; count < 20; count += 1)
      await verifier.verify(await sign({ kid: `unknown-${count}` }), identity);
    expect(fetches).toHaveLength(1);
  });

  it('can say nothing of a token when the keys cannot be fetched', async () => {
    for (const fetchKeys of [
      async () => new Response('', { status: 500 }),
      async () => new Response('<html>'),
      async () => Promise.reject(new TypeError('network')),
    ]) {
      const verifier = makeEntraTokenVerifier(() => now, fetchKeys);
      expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'unavailable' });
    }
  });
});
