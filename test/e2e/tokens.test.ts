import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runKeysCommand } from '../../tools/weir/keys-command.ts';
import { ListeningServer } from '../support/listening-server.ts';
import { type JsonObject, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const searchApp = '11111111-1111-4111-8111-111111111111';
const issuer = 'https://sts.example.com/tenant/';
const audience = 'api://weir-under-test';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
let signing: KeyPair;
let stranger: KeyPair;
let issuerServer: ListeningServer;
let weir: WeirUnderTest;

beforeAll(async () => {
  signing = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(signing.publicKey)), kid: 'one', use: 'sig' }];
  issuerServer = await ListeningServer.start(() => ({ body: { keys } }));
  const identity = {
    issuer,
    jwksUri: `${issuerServer.url}/keys`,
    audience: [audience],
    operatorRoles: ['Weir.Operator'],
    roleTeams: { 'Weir.Support': 'support' },
  };
  const configure = (config: JsonObject): JsonObject => ({
    ...config,
    identity,
    teams: (config['teams'] as JsonObject[]).map((team) =>
      team['id'] === 'search' ? { ...team, entraAppIds: [searchApp] } : team,
    ),
  });
  weir = await WeirUnderTest.start({ configure });
});

afterAll(async () => {
  await weir?.stop();
  await issuerServer?.stop();
});

const nowSeconds = () => Math.floor(Date.now() / 1000);
const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer,
  aud: audience,
  azp: searchApp,
  exp: nowSeconds() + 600,
  nbf: nowSeconds() - 10,
  ...more,
});
const sign = (payload = claims(), key = signing.privateKey, kid = 'one') =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const ask = (token: string, path = '/jobs') =>
  weir.request('GET', path, { team: 'nobody', headers: { authorization: `Bearer ${token}` } });
const askWithKey = (key: string) => weir.request('GET', '/jobs', { team: 'nobody', headers: { 'api-key': key } });
const runKeys = (line: string) => {
  const { options, environment } = weir.keysPlace;
  return runKeysCommand([...line.split(' '), ...options], { environment, now: () => new Date() });
};

describe('an Entra token', () => {
  test('opens the team of its application, and the same jobs as that team key', async () => {
    const accepted = await weir.submit();
    const answer = await ask(await sign(), `/jobs/${accepted['id']}`);
    expect([answer.status, answer.body.id]).toEqual([200, accepted['id']]);
  });

  test('opens the team of a role, and an operator role sees all figures', async () => {
    const support = await sign(claims({ azp: 'unknown', roles: ['Weir.Support'] }));
    expect((await ask(support, '/budgets/support')).status).toBe(200);
    expect((await ask(support, '/budgets/search')).status).toBe(404);
    const operator = await sign(claims({ azp: 'unknown', roles: ['Weir.Operator'] }));
    expect((await ask(operator, '/budgets/search')).status).toBe(200);
  });

  test('of an application without a team is 403, and says nothing of other teams', async () => {
    const answer = await ask(await sign(claims({ azp: 'unknown' })));
    expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
    expect(JSON.stringify(answer.body)).not.toMatch(/search|support|platform team:/);
  });

  test.each<[string, () => Promise<string>]>([
    ['expired', () => sign(claims({ exp: nowSeconds() - 120 }))],
    ['not yet valid', () => sign(claims({ nbf: nowSeconds() + 120 }))],
    ['for another audience', () => sign(claims({ aud: 'https://graph.microsoft.com' }))],
    ['of another issuer', () => sign(claims({ iss: 'https://evil.example.com/' }))],
    ['signed by a stranger', () => sign(claims(), stranger.privateKey)],
    ['with an unknown key id', () => sign(claims(), stranger.privateKey, 'two')],
    ['with alg none', async () => `${encode({ alg: 'none' })}.${encode(claims())}.AA`],
    [
      'HS256, signed with the public key',
      async () => {
        const text = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(claims())}`;
        return `${text}.${createHmac('sha256', await exportSPKI(signing.publicKey))
          .update(text)
          .digest('base64url')}`;
      },
    ],
    [
      'tampered with',
      async () => {
        const [head, , signature] = (await sign()).split('.');
        return `${head}.${encode(claims({ roles: ['Weir.Operator'] }))}.${signature}`;
      },
    ],
  ])('that is %s is 401', async (_what, make) => {
    const token = await make();
    const answer = await ask(token);
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_api_key']);
    expect(JSON.stringify(answer.body)).not.toContain(token.slice(0, 20));
  });

  test("is checked with keys that were fetched once, without a caller's header", async () => {
    expect(issuerServer.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /keys']);
    expect(issuerServer.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('is never in what the host writes', async () => {
    const token = await sign();
    await ask(token);
    expect(weir.hostLines.join('\n')).not.toContain(token.split('.')[2]);
  });
});

describe('a team key', () => {
  test('that was made while the app runs is accepted; rotated, both are; revoked, it is refused soon', async () => {
    const { result: first } = await runKeys('make --team search --name first');
    await waitFor('the new key', async () => (await askWithKey(first)).status === 200);
    const { result: second } = await runKeys('rotate --team search --name second');
    await waitFor('its successor', async () => (await askWithKey(second)).status === 200);
    expect((await askWithKey(first)).status).toBe(200);
    await runKeys('revoke --team search --key first');
    await waitFor('the revocation', async () => (await askWithKey(first)).status === 401);
    expect((await askWithKey(second)).status).toBe(200);
    expect(weir.hostLines.join('\n')).not.toContain(second);
  });

  test('that is wrong two thousand times costs a 401 each, no line in the log, and nobody else anything', async () => {
    const linesBefore = weir.hostLines.length;
    const messages = new Set<string>();
    const tryKeys = async (worker: number) => {
      for (let count = 0; count < 125; count += 1) {
        const answer = await askWithKey(`weir_search_${worker}_${count}`);
        messages.add(`${answer.status} ${answer.body.error.message}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, worker) => tryKeys(worker)));
    expect([...messages]).toHaveLength(1);
    expect([...messages][0]).toMatch(/^401 /);
    expect(weir.hostLines.length - linesBefore).toBeLessThan(50);
    expect((await weir.request('GET', '/jobs')).status).toBe(200);
  });
});
