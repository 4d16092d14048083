import type { ObservedDate } from '../../src/core/adapters/azure-storage/observe-date.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { isJsonObject } from '../../src/core/http/parse-json.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

const timeoutMs = 30_000;

/** A running deployment and who asks. */
export interface ServiceUnderCheck {
  readonly url: string;
  readonly key: string | null;
  /** The configuration that it should run; null = unknown. */
  readonly config: WeirConfig | null;
  /** Told the `Date` of every answer. */
  readonly observeDate: (observed: ObservedDate) => void;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Asks a running deployment: does it answer, does it refuse strangers, does it know the key, are its deployments well? */
export async function checkService(service: ServiceUnderCheck): Promise<readonly Finding[]> {
  const ask = (path: string, key: string | null) => request(service.url + path, key, service.observeDate);
  try {
    const health = await ask('/health', null);
    const findings = [
      ...judgeHealth(health),
      ...judgeUrl(service.url, health),
      ...judgeStranger(await ask('/jobs?limit=1', null)),
    ];
    if (service.key === null) findings.push(skipped('Its deployments: give a key in WEIR_KEY'));
    else findings.push(...judgeDeployments(await ask('/deployments', service.key), service.config));
    return findings;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : 'no reason given';
    const fix = 'Check the address; a private deployment answers inside its network only.';
    return [problem(`${service.url} does not answer: ${reason}`, fix)];
  }
}

async function request(
  url: string,
  key: string | null,
  observeDate: ServiceUnderCheck['observeDate'],
): Promise<Answer> {
  const sentAtMs = Date.now();
  const response = await fetch(url, {
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const dateMs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isFinite(dateMs)) observeDate({ dateMs, sentAtMs, receivedAtMs: Date.now() });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function judgeHealth({ status }: Answer): Finding[] {
  if (status === 200) return [ok('It is up and can accept work')];
  if (status === 503) {
    return [
      problem(
        'It is up and cannot accept work.',
        'Its log says why: configuration, storage or roles. Check those below.',
      ),
    ];
  }
  return [
    problem(
      `GET /health answers ${status}: this is no Weir.`,
      'Check the address, and whether the package was deployed.',
    ),
  ];
}

function judgeUrl(url: string, health: Answer): Finding[] {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') {
    if (health.headers.get('strict-transport-security') !== null) return [];
    return [warning('It sends no Strict-Transport-Security.', 'Deploy a current package.')];
  }
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return [];
  return [problem(`${url} is not encrypted: keys and prompts can be read on the way.`, 'Use https:.')];
}

function judgeStranger({ status }: Answer): Finding[] {
  if (status === 401) return [ok('It refuses who brings no key')];
  if (status >= 500) return [];
  return [
    problem(
      `GET /jobs without a key answers ${status} instead of 401.`,
      'See what stands before it: something lets strangers in, or keeps everybody out.',
    ),
  ];
}

function judgeDeployments({ status, body }: Answer, config: WeirConfig | null): Finding[] {
  if (status === 401)
    return [
      problem('It does not know the key.', 'See npm run weir -- keys list; a new key is known after some seconds.'),
    ];
  if (status !== 200 || !isJsonObject(body) || !Array.isArray(body['data'])) {
    return [problem(`GET /deployments answers ${status}.`, "Look at the app's log.")];
  }
  const rows = body['data'].filter(isJsonObject);
  const sick = rows.filter((row) => row['health'] !== 'healthy');
  const findings = sick.map((row) => {
    const reason = isJsonObject(row['breaker']) ? row['breaker']['reason'] : null;
    return warning(
      `${row['model']} by ${row['name']} is ${row['health']}${typeof reason === 'string' ? ` (${reason})` : ''}.`,
      adviceFor(reason),
    );
  });
  if (rows.length > sick.length)
    findings.unshift(ok(`It reports ${rows.length - sick.length} of ${rows.length} deployments well`));
  return [...findings, ...compareLimits(rows, config)];
}

function adviceFor(reason: unknown): string {
  return typeof reason === 'string' && reason.includes('credential')
    ? "Give the app's identity the role Cognitive Services OpenAI User on that account, or correct its key."
    : 'It is tried again by itself; npm run weir -- doctor --probe calls each deployment now.';
}

/** A deployment that runs with other limits than the configuration at hand has not read it. */
function compareLimits(rows: readonly Readonly<Record<string, unknown>>[], config: WeirConfig | null): Finding[] {
  if (config === null) return [];
  const told = new Map(rows.map((row) => [`${row['model']} by ${row['name']}`, row['tpm_limit']]));
  const models = new Set(rows.map((row) => row['model']));
  return config.pools
    .filter((pool) => models.has(pool.model))
    .flatMap((pool) =>
      pool.deployments.flatMap((deployment) => {
        const name = `${pool.model} by ${deployment.name}`;
        const limit = told.get(name);
        if (limit === deployment.tokensPerMinute) return [];
        const difference =
          limit === undefined
            ? `${name} is in the configuration here, and not in the one that runs.`
            : `${name} runs with ${limit} tokens a minute, the configuration here says ${deployment.tokensPerMinute}.`;
        return warning(difference, 'It may run another configuration: see its log for config_reload_failed.');
      }),
    );
}
