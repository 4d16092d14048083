import { createTokenSource, defaultTokenScope, type TokenSource } from '../../src/core/adapters/openai/token-source.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { jwksUriOf } from '../../src/core/identity/token-verifier.ts';
import type { Environment } from './document-places.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

const timeoutMs = 20_000;

/** The token source of whoever runs the doctor. */
export function makeTokenSource(environment: Environment): TokenSource {
  return createTokenSource({
    scope: environment['WEIR_OPENAI_SCOPE'] ?? defaultTokenScope,
    isInAzure: environment['WEBSITE_INSTANCE_ID'] !== undefined,
    clientId: environment['AZURE_CLIENT_ID'] ?? null,
  });
}

/** Looks whether deployments can be signed in to, and whether the keys that callers' tokens are checked with can be had. The settings of a local run are its launcher's and cannot be seen from here. */
export async function checkIdentity(
  config: WeirConfig,
  environment: Environment,
  isLocalRun: boolean,
): Promise<readonly Finding[]> {
  return [...(await checkUpstreamCredentials(config, environment, isLocalRun)), ...(await checkIssuer(config))];
}

async function checkUpstreamCredentials(
  config: WeirConfig,
  environment: Environment,
  isLocalRun: boolean,
): Promise<readonly Finding[]> {
  const deployments = config.pools.flatMap((pool) => pool.deployments);
  const settings = [...new Set(deployments.flatMap(({ apiKeySetting }) => apiKeySetting ?? []))];
  const findings: Finding[] = settings.map((name) => {
    if (environment[name]) return ok(`The key setting ${name} is set here`);
    if (isLocalRun) return skipped(`The key setting ${name}: only the launcher (npm start) knows it`);
    return warning(
      `The key setting ${name} is not set here.`,
      'See that the app has it, or use the managed identity: no apiKeySetting.',
    );
  });
  if (deployments.every(({ apiKeySetting }) => apiKeySetting !== null)) return findings;
  try {
    await withTimeout(makeTokenSource(environment)());
    findings.push(ok('A token for Azure OpenAI can be had (by you; the app has its own identity)'));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : 'no reason given';
    findings.push(
      problem(
        `No token for Azure OpenAI can be had: ${reason}`,
        'Sign in with az login, or run this where the identity is.',
      ),
    );
  }
  return findings;
}

async function checkIssuer(config: WeirConfig): Promise<readonly Finding[]> {
  const { identity } = config;
  if (identity === null) return [skipped('Entra tokens are not accepted: the configuration has no identity')];
  const uri = jwksUriOf(identity);
  try {
    const response = await fetch(uri, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
    const body: unknown = response.ok ? await response.json() : null;
    const keys =
      typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys) ? body.keys : [];
    if (keys.length > 0) return [ok(`${keys.length} signing keys of the issuer at ${uri}`)];
    return [
      problem(
        `${uri} answers ${response.status} without signing keys.`,
        'Check identity.tenantId, or identity.jwksUri.',
      ),
    ];
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no reason given';
    return [
      problem(
        `${uri} cannot be reached: ${reason}`,
        'Without it no Entra token is accepted. Check the address and the network.',
      ),
    ];
  }
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing came within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
