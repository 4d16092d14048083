import { createHmac } from 'node:crypto';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeEntraTokenVerifier } from '../../../../src/core/adapters/jose/entra-token-verifier.ts';
import { exampleConfig } from '../config/example.ts';

const tenantId = '22222222-2222-4222-8222-222222222222';
const identity = exampleConfig({ identity: { tenantId, audience: ['api://weir'] } }).identity;
if (identity === null) throw new Error('The example has an identity');
const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
const startMs = Date.parse('2026-11-23T12:00:00Z');

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
let first: KeyPair;
let second: KeyPair;
let stranger: KeyPair;
/** Key ids and keys that the issuer publishes now. */
let published: Map<string, KeyPair>;
let fetches: number;
let isAway: boolean;

beforeAll(async () => {
  [first, second, stranger] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
  ]);
});

// jose keeps its own time for the key set; both clocks are the faked one.
beforeEach(() => {
  vi.useFakeTimers({ now: startMs, toFake: ['Date'] });
  published = new Map([['one', first]]);
  fetches = 0;
  isAway = false;
});
afterEach(() => {
  vi.useRealTimers();
});

function makeVerifier() {
  return makeEntraTokenVerifier(Date.now, async () => {
    fetches += 1;
    if (isAway) throw new TypeError('fetch failed');
    const keys = [...published].map(async ([kid, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid,
      use: 'sig',
    }));
    return Response.json({ keys: await Promise.all(keys) });
  });
}

const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer,
  aud: 'api://weir',
  azp: 'app-1',
  exp: startMs / 1000 + 3600,
  nbf: startMs / 1000 - 10,
  ...more,
});

function sign(parts: { key?: KeyPair; header?: Partial<JWTHeaderParameters>; claims?: JWTPayload } = {}) {
  const header = { alg: 'RS256', kid: 'one', ...parts.header };
  return new SignJWT(parts.claims ?? claims()).setProtectedHeader(header).sign((parts.key ?? first).privateKey);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function signWithSecret(secret: string | Buffer, header: Record<string, unknown> = {}) {
  const text = `${encode({ alg: 'HS256', kid: 'one', ...header })}.${encode(claims())}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function tamper(change: (payload: JWTPayload) => JWTPayload) {
  const [head, body, signature] = (await sign()).split('.');
  const payload: JWTPayload = JSON.parse(Buffer.from(body ?? '', 'base64url').toString());
  return `${head}.${encode(change(payload))}.${signature}`;
}

describe('a forged or misused token', () => {
  const attacks: [string, () => Promise<string>][] = [
    ['another application written into it', () => tamper((payload) => ({ ...payload, azp: 'app-2' }))],
    ['a role written into it', () => tamper((payload) => ({ ...payload, roles: ['Weir.Operator'] }))],
    ['its life prolonged', () => tamper((payload) => ({ ...payload, exp: 9_999_999_999 }))],
    ['HS256 with the public key as PEM', async () => signWithSecret(await exportSPKI(first.publicKey))],
    ['HS256 with the public key as JWK', async () => signWithSecret(JSON.stringify(await exportJWK(first.publicKey)))],
    [
      'HS256 with the modulus',
      async () => signWithSecret(Buffer.from((await exportJWK(first.publicKey)).n ?? '', 'base64url')),
    ],
    ['HS256 with an empty secret', () => signWithSecret('')],
    ...['none', 'None', 'NONE', 'nOnE', ''].flatMap<[string, () => Promise<string>]>((alg) => [
      [`alg "${alg}" without a signature`, async () => `${encode({ alg })}.${encode(claims())}.`],
      [
        `alg "${alg}" with a signature`,
        async () => `${encode({ alg, kid: 'one' })}.${encode(claims())}.${(await sign()).split('.')[2]}`,
      ],
    ]),
    [
      'its own key in the header',
      async () => sign({ key: stranger, header: { jwk: await exportJWK(stranger.publicKey) } }),
    ],
    [
      'the address of its own keys in the header',
      () => sign({ key: stranger, header: { jku: 'https://evil.example/keys' } }),
    ],
    [
      'its own certificate address in the header',
      () => sign({ key: stranger, header: { x5u: 'https://evil.example/cert' } }),
    ],
    ["a stranger's signature under a known key id", () => sign({ key: stranger })],
    [
      'an extension that nobody here knows',
      async () => {
        const text = `${encode({ alg: 'RS256', kid: 'one', crit: ['weir'], weir: 1 })}.${encode(claims())}`;
        return `${text}.${(await sign()).split('.')[2]}`;
      },
    ],
    [
      'PS256 instead of RS256, by the issuer itself',
      async () => {
        const key = await importJWK(await exportJWK(first.privateKey), 'PS256');
        return new SignJWT(claims()).setProtectedHeader({ alg: 'PS256', kid: 'one' }).sign(key);
      },
    ],
    ['the same host but another tenant', () => sign({ claims: claims({ iss: issuer.replace('2222', '3333') }) })],
    [
      'the common endpoint as issuer',
      () => sign({ claims: claims({ iss: 'https://login.microsoftonline.com/common/v2.0' }) }),
    ],
    ['an issuer that only begins alike', () => sign({ claims: claims({ iss: `${issuer}/evil` }) })],
    ['no issuer', () => sign({ claims: claims({ iss: undefined }) })],
    ['Microsoft Graph as audience', () => sign({ claims: claims({ aud: '00000003-0000-0000-c000-000000000000' }) })],
    ['no audience', () => sign({ claims: claims({ aud: undefined }) })],
    ['an end that is a text', () => sign({ claims: { ...claims(), exp: '9999999999' as unknown as number } })],
    [
      'an ID token: signed, for us, and of no application',
      () => sign({ claims: claims({ azp: undefined, roles: ['Weir.Search'] }) }),
    ],
    [
      'a claims set that is a list',
      async () => {
        const text = `${encode({ alg: 'RS256', kid: 'one' })}.${encode([claims()])}`;
        return `${text}.${(await sign()).split('.')[2]}`;
      },
    ],
  ];

  it.each(attacks)('is refused: %s', async (_what, make) => {
    const verifier = makeVerifier();
    expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'verified' });
    expect(await verifier.verify(await make(), identity)).toEqual({ outcome: 'refused' });
    expect(fetches).toBe(1);
  });

  it('may name several audiences if one is ours', async () => {
    const token = await sign({ claims: claims({ aud: ['api://else', 'api://weir'] }) });
    expect(await makeVerifier().verify(token, identity)).toMatchObject({ outcome: 'verified' });
  });
});

describe("the issuer's signing keys", () => {
  it('are fetched anew once for a new key id, and the old key stays good as long as it is published', async () => {
    const verifier = makeVerifier();
    await verifier.verify(await sign(), identity);
    published.set('two', second);
    vi.setSystemTime(startMs + 31_000);
    const rotated = await sign({ key: second, header: { kid: 'two' } });
    expect(await verifier.verify(rotated, identity)).toMatchObject({ outcome: 'verified' });
    expect(await verifier.verify(rotated, identity)).toMatchObject({ outcome: 'verified' });
    expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'verified' });
    expect(fetches).toBe(2);
  });

  it('are not fetched more than once in thirty seconds, whatever key ids come', async () => {
    const verifier = makeVerifier();
    for (let second_ = 0; second_ < 60; second_ += 1) {
      vi.setSystemTime(startMs + second_ * 1000);
      const forged = await sign({ key: stranger, header: { kid: `unknown-${second_}` } });
      expect(await verifier.verify(forged, identity)).toEqual({ outcome: 'refused' });
    }
    expect(fetches).toBeLessThanOrEqual(3);
  });

  it('no longer open anything once the issuer has withdrawn them', async () => {
    const verifier = makeVerifier();
    const token = await sign();
    await verifier.verify(token, identity);
    published = new Map([['two', second]]);
    vi.setSystemTime(startMs + 601_000);
    expect(await verifier.verify(token, identity)).toEqual({ outcome: 'refused' });
  });

  it('are asked for once in two seconds while the issuer is away, and again when it is back', async () => {
    const verifier = makeVerifier();
    isAway = true;
    for (let count = 0; count < 100; count += 1) {
      expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'unavailable' });
    }
    expect(fetches).toBe(1);
    isAway = false;
    vi.setSystemTime(startMs + 2001);
    expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'verified' });
    expect(fetches).toBe(2);
  });

  it('stay in use for known key ids while the issuer is away', async () => {
    const verifier = makeVerifier();
    await verifier.verify(await sign(), identity);
    isAway = true;
    vi.setSystemTime(startMs + 60_000);
    await verifier.verify(await sign({ key: stranger, header: { kid: 'unknown' } }), identity);
    expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'verified' });
  });

  describe('once the issuer does not answer any more', () => {
    const minuteMs = 60_000;
    const signAt = (afterMs: number, parts: Parameters<typeof sign>[0] = {}) =>
      sign({ ...parts, claims: claims({ exp: (startMs + afterMs) / 1000 + 3600, ...parts.claims }) });

    const verifierOfLostIssuer = async () => {
      const verifier = makeVerifier();
      expect(await verifier.verify(await sign(), identity)).toMatchObject({ outcome: 'verified' });
      isAway = true;
      return verifier;
    };

    it.each([
      ['5 minutes', 'verified', 5 * minuteMs],
      ['11 minutes', 'verified', 11 * minuteMs],
      ['23 hours', 'verified', 23 * 60 * minuteMs],
      ['24 hours', 'verified', 24 * 60 * minuteMs],
      ['24 hours and a millisecond', 'unavailable', 24 * 60 * minuteMs + 1],
      ['25 hours', 'unavailable', 25 * 60 * minuteMs],
    ])('answer %s later: %s', async (_when, outcome, afterMs) => {
      const verifier = await verifierOfLostIssuer();
      vi.setSystemTime(startMs + afterMs);
      expect(await verifier.verify(await signAt(afterMs), identity)).toMatchObject({ outcome });
    });

    it('say nothing of a token with an unknown key id, and refuse what a known key did not sign or what has expired', async () => {
      const verifier = await verifierOfLostIssuer();
      const afterMs = 11 * minuteMs;
      vi.setSystemTime(startMs + afterMs);
      const unknown = await signAt(afterMs, { key: second, header: { kid: 'two' } });
      const forged = await signAt(afterMs, { key: stranger });
      const expired = await sign({ claims: claims({ exp: startMs / 1000 }) });
      expect(await verifier.verify(unknown, identity)).toMatchObject({ outcome: 'unavailable' });
      expect(await verifier.verify(forged, identity)).toEqual({ outcome: 'refused' });
      expect(await verifier.verify(expired, identity)).toEqual({ outcome: 'refused' });
    });

    it('count their 24 hours from the last fetch that brought keys', async () => {
      const verifier = await verifierOfLostIssuer();
      const laterMs = 20 * 60 * minuteMs;
      vi.setSystemTime(startMs + laterMs);
      isAway = false;
      await verifier.verify(await signAt(laterMs), identity);
      isAway = true;
      vi.setSystemTime(startMs + 2 * laterMs);
      expect(await verifier.verify(await signAt(2 * laterMs), identity)).toMatchObject({ outcome: 'verified' });
      vi.setSystemTime(startMs + 2 * laterMs + 5 * 60 * minuteMs);
      expect(await verifier.verify(await signAt(3 * laterMs), identity)).toMatchObject({ outcome: 'unavailable' });
    });

    it('give way to new ones as soon as it is back', async () => {
      const verifier = await verifierOfLostIssuer();
      const afterMs = 11 * minuteMs;
      vi.setSystemTime(startMs + afterMs);
      const token = await signAt(afterMs);
      expect(await verifier.verify(token, identity)).toMatchObject({ outcome: 'verified' });
      published = new Map([['two', second]]);
      isAway = false;
      vi.setSystemTime(startMs + afterMs + 2001);
      expect(await verifier.verify(token, identity)).toEqual({ outcome: 'refused' });
    });
  });
});
