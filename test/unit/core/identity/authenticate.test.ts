import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { WeirError } from '../../../../src/core/http/weir-error.ts';
import { type AuthenticationPorts, authenticate } from '../../../../src/core/identity/authenticate.ts';
import type { TokenVerification } from '../../../../src/core/identity/token-verifier.ts';
import { exampleConfig } from '../config/example.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const appId = 'AAAAAAAA-1111-4111-8111-111111111111';
const identity = {
  tenantId: '22222222-2222-4222-8222-222222222222',
  audience: ['api://weir'],
  operatorRoles: ['Weir.Operator'],
  roleTeams: { 'Weir.Support': 'support', 'Weir.Search': 'search' },
};
const teams = [
  { id: 'search', keys: [{ sha256: sha256('weir_search') }], entraAppIds: [appId] },
  { id: 'support', keys: [{ sha256: sha256('weir_support') }, { sha256: sha256('weir_second') }] },
  { id: 'platform', keys: [{ sha256: sha256('weir_platform') }], role: 'operator' },
];
const token = 'eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl';

interface Scene {
  readonly sections?: Record<string, unknown>;
  readonly verification?: TokenVerification;
  readonly isPlatformAuthOn?: boolean;
}

function ask(headers: Record<string, string>, scene: Scene = {}) {
  const verify = vi.fn(async () => scene.verification ?? ({ outcome: 'refused' } as const));
  const ports: AuthenticationPorts = {
    config: exampleConfig({ teams, identity, ...scene.sections }),
    sha256,
    tokenVerifier: { verify },
    isPlatformAuthOn: scene.isPlatformAuthOn ?? false,
  };
  return { verify, answer: authenticate(ports, new Headers(headers)) };
}

async function principal(headers: Record<string, string>, scene: Scene = {}) {
  const answer = await ask(headers, scene).answer;
  if (answer instanceof WeirError) throw answer;
  return answer;
}

async function refusal(headers: Record<string, string>, scene: Scene = {}) {
  const answer = await ask(headers, scene).answer;
  if (!(answer instanceof WeirError)) throw new Error(`expected a refusal, got ${answer.team}`);
  return answer;
}

const verified = (claims: { appId?: string; roles?: string[] }): Scene => ({
  verification: { outcome: 'verified', claims: { appId: claims.appId ?? null, roles: claims.roles ?? [] } },
});
const bearer = { authorization: `Bearer ${token}` };
const platform = (value: unknown) => ({
  'x-ms-client-principal': Buffer.from(JSON.stringify(value)).toString('base64'),
});

describe('authenticate with a team key', () => {
  it.each([
    [{ authorization: 'Bearer weir_search' }, 'search', 'team'],
    [{ authorization: 'bearer  weir_search' }, 'search', 'team'],
    [{ 'api-key': 'weir_second' }, 'support', 'team'],
    [{ authorization: 'Bearer weir_platform', 'api-key': 'weir_platform' }, 'platform', 'operator'],
  ])('takes %j', async (headers, team, role) => {
    expect(await principal(headers)).toEqual({ team, role, authenticatedBy: 'key' });
  });

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an unknown key', { 'api-key': 'weir_wrong' }],
    ['two differing keys', { authorization: 'Bearer weir_search', 'api-key': 'weir_support' }],
    ['a good key beside a bad scheme', { authorization: 'Basic abc', 'api-key': 'weir_search' }],
    ['another scheme', { authorization: 'Basic weir_search' }],
    ['no scheme', { authorization: 'weir_search' }],
    ['an empty bearer', { authorization: 'Bearer ' }],
    ['an empty key', { 'api-key': '' }],
    ['two headers joined', { 'api-key': 'weir_search, weir_support' }],
    ['a digest instead of a key', { 'api-key': sha256('weir_search') }],
    ['a key in the function key header', { 'x-functions-key': 'weir_search' }],
    ['a key in a cookie', { cookie: 'api-key=weir_search' }],
    ['a team in a header', { 'x-team': 'search' }],
    ['a platform principal while the platform is off', platform({ claims: [{ typ: 'appid', val: appId }] })],
  ])('refuses %s', async (_name, headers) => {
    const error = await refusal(headers);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' });
    for (const value of Object.values(headers).filter((text) => text.length > 7))
      expect(error.message).not.toContain(value);
  });

  it('answers unknown keys and unconfigured tokens alike', async () => {
    const scene = { sections: { identity: null } };
    expect((await refusal(bearer, scene)).message).toBe((await refusal({ 'api-key': 'weir_wrong' })).message);
  });
});

describe('authenticate with an Entra token', () => {
  it('finds the team of the application, whatever the case of its id', async () => {
    const found = await principal(bearer, verified({ appId: appId.toLowerCase() }));
    expect(found).toEqual({ team: 'search', role: 'team', authenticatedBy: 'entra' });
  });

  it('finds the team of a role, and makes an operator of an operator role', async () => {
    expect(await principal(bearer, verified({ roles: ['x', 'Weir.Support'] }))).toMatchObject({
      team: 'support',
      role: 'team',
    });
    expect(await principal(bearer, verified({ roles: ['Weir.Operator', 'Weir.Support'] }))).toMatchObject({
      team: 'support',
      role: 'operator',
    });
    expect(await principal(bearer, verified({ roles: ['Weir.Operator'] }))).toMatchObject({
      team: 'platform',
      role: 'operator',
    });
  });

  it.each([
    [{}],
    [{ appId: '33333333-3333-4333-8333-333333333333' }],
    [{ roles: ['constructor'] }],
    [{ roles: ['Weir.Support', 'Weir.Search'] }],
  ])('forbids a verified identity of no team, or of several: %j', async (claims) => {
    expect(await refusal(bearer, verified(claims))).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('refuses what the verifier refuses, and cannot say when keys are away', async () => {
    expect(await refusal(bearer)).toMatchObject({ status: 401 });
    const away = { verification: { outcome: 'unavailable', cause: new Error('dns') } } as const;
    expect(await refusal(bearer, away)).toMatchObject({
      code: 'identity_unavailable',
      status: 503,
      retryAfterMs: 2000,
    });
  });

  it('asks the verifier about bearer tokens only', async () => {
    const { verify, answer } = ask({ 'api-key': token });
    expect(await answer).toMatchObject({ status: 401 });
    expect(verify).not.toHaveBeenCalled();
  });
});

describe('authenticate with the platform', () => {
  const on: Scene = { isPlatformAuthOn: true };

  it('believes the principal when the platform is on', async () => {
    const headers = platform({
      auth_typ: 'aad',
      role_typ: 'roles',
      claims: [
        { typ: 'appid', val: appId },
        { typ: 'roles', val: 'Weir.Operator' },
      ],
    });
    expect(await principal(headers, on)).toEqual({ team: 'search', role: 'operator', authenticatedBy: 'platform' });
  });

  it('reads roles under the name that the principal gives them', async () => {
    expect(
      await principal(platform({ role_typ: 'my-role', claims: [{ typ: 'my-role', val: 'Weir.Support' }] }), on),
    ).toMatchObject({ team: 'support' });
  });

  it('prefers a credential of the request itself', async () => {
    const headers = { ...platform({ claims: [{ typ: 'appid', val: appId }] }), 'api-key': 'weir_support' };
    expect(await principal(headers, on)).toMatchObject({ team: 'support', authenticatedBy: 'key' });
  });

  it.each([
    '%%%',
    Buffer.from('not json').toString('base64'),
    Buffer.from('{"claims":1}').toString('base64'),
    Buffer.from('null').toString('base64'),
  ])('refuses the malformed principal %s', async (encoded) => {
    expect(await refusal({ 'x-ms-client-principal': encoded }, on)).toMatchObject({ status: 401 });
  });
});
