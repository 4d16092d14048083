import type OpenAI from 'openai';
import type { DeploymentConfig } from '../../config/config-schema.ts';
import { restAfterFailure } from './rest-after-failure.ts';
import type { TokenSource } from './token-source.ts';
import { TransportFault } from './transport-fault.ts';

/** Where the keys and tokens of deployments come from. */
export interface UpstreamCredentials {
  /** Settings that hold keys, by name; a deployment names its own in `apiKeySetting`. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly token: TokenSource;
}

/** Longest wait for a token: IMDS answers in about a second, and no call may hang on it. */
const tokenTimeoutMs = 10_000;

/** One SDK client per deployment, made at its first call; a reloaded configuration makes new ones. */
export class DeploymentClients {
  private readonly clients = new WeakMap<DeploymentConfig, Promise<OpenAI>>();
  private readonly credentials: UpstreamCredentials;

  private readonly token: TokenSource;

  constructor(credentials: UpstreamCredentials) {
    this.credentials = credentials;
    this.token = restAfterFailure(
      () => withTimeout(credentials.token()),
      () => performance.now(),
    );
  }

  /** Whether a call of this deployment could be signed now; loads what is missing, waits for a token. */
  async prepare(deployment: DeploymentConfig): Promise<boolean> {
    try {
      await this.get(deployment);
      if (deployment.apiKeySetting === null) await this.token();
      return true;
    } catch (error) {
      // A fault of the program shows at the call, which tells it without its text.
      return !(error instanceof TransportFault);
    }
  }

  /** The client that signs and forms this deployment's requests. */
  get(deployment: DeploymentConfig): Promise<OpenAI> {
    const known = this.clients.get(deployment);
    if (known !== undefined) return known;
    const made = this.create(deployment);
    this.clients.set(deployment, made);
    // A failed load is not kept: the next call tries again.
    made.catch(() => this.clients.delete(deployment));
    return made;
  }

  private async create(deployment: DeploymentConfig): Promise<OpenAI> {
    const { default: Client } = await import('openai');
    const { apiKeySetting } = deployment;
    const key = apiKeySetting === null ? null : this.credentials.settings[apiKeySetting];
    if (key === undefined || (key !== null && !isHeaderSafe(key))) throw new TransportFault('credential');
    return new Client({
      baseURL: `${deployment.endpoint.replace(/\/+$/, '')}/openai/v1/`,
      apiKey: key ?? this.token,
      // A key goes in Azure's own header, alone: one credential on the wire, and none that looks like a token.
      defaultHeaders: { ...quietHeaders, ...(key === null ? {} : { 'api-key': key, authorization: null }) },
      maxRetries: 0,
      // The SDK would take these four from the environment; the debug log would print bodies.
      adminAPIKey: null,
      organization: null,
      project: null,
      logLevel: 'off',
    });
  }
}

/** Visible ASCII: anything else is refused by the header's own check, whose error would repeat the key. */
function isHeaderSafe(credential: string): boolean {
  return /^[\x21-\x7e]+$/.test(credential);
}

/** What the SDK would tell the service about this machine. */
const quietHeaders = Object.fromEntries([
  ...['lang', 'package-version', 'os', 'arch', 'runtime', 'runtime-version', 'retry-count', 'timeout'].map(
    (name) => [`x-stainless-${name}`, null] as const,
  ),
  ['user-agent', 'weir'] as const,
]);

async function withTimeout(token: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No token came in time')), tokenTimeoutMs);
  });
  try {
    const given = await Promise.race([token, expired]);
    if (!isHeaderSafe(given)) throw new Error('The token holds what no header can');
    return given;
  } catch (error) {
    throw new TransportFault('credential', error);
  } finally {
    clearTimeout(timer);
  }
}
