import { z } from 'zod';

/** Why Resource Manager gave no answer that can be judged. */
export class ResourceManagerError extends Error {
  override readonly name = 'ResourceManagerError';
  /** Of the answer; null when none came. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

export interface ResourceManagerOptions {
  /** Origin, such as `https://management.azure.com`. */
  readonly origin: string;
  readonly token: () => Promise<string>;
}

const page = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });
const failure = z.looseObject({ error: z.looseObject({ message: z.string() }) });
const timeoutMs = 30_000;
const mostPages = 100;

/** The public cloud's; the government's where the scope of its tokens is that cloud's. */
export function originFor(openAiScope: string | undefined): string {
  return openAiScope?.includes('.azure.us/') ? 'https://management.usgovcloudapi.net' : 'https://management.azure.com';
}

/** Reads resources over Azure Resource Manager's REST interface, as whoever the token names; it never writes. */
export class ResourceManager {
  readonly #options: ResourceManagerOptions;

  constructor(options: ResourceManagerOptions) {
    this.#options = options;
  }

  /** One resource as the schema has it. `path` begins with a slash and names its `api-version`. */
  async read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#parse(path, await this.#get(path), schema);
  }

  /** All pages of a list. */
  async list<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
    const found: T[] = [];
    let next: string | null = path;
    for (let count = 0; next !== null && count < mostPages; count += 1) {
      const { value, nextLink }: z.output<typeof page> = this.#parse(next, await this.#get(next), page);
      found.push(...value.map((item) => this.#parse(path, item, schema)));
      next = nextLink ? this.#keepOrigin(nextLink) : null;
    }
    return found;
  }

  // The token goes to Resource Manager and to nobody that an answer names.
  #keepOrigin(link: string): string {
    const url = URL.parse(link, this.#options.origin);
    if (url === null || url.origin !== new URL(this.#options.origin).origin) {
      throw new ResourceManagerError('Its answer names a next page at another address.', null);
    }
    return `${url.pathname}${url.search}`;
  }

  async #get(path: string): Promise<unknown> {
    const token = await this.#options.token().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message.split('\n')[0] : 'no reason given';
      throw new ResourceManagerError(`No token can be had: ${reason}`, 401);
    });
    const response = await fetch(`${this.#options.origin}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      // What fetch itself says is that it failed; why, says its cause.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const reason = cause instanceof Error ? cause.message : 'no reason given';
      throw new ResourceManagerError(`${this.#options.origin} does not answer: ${reason}`, null);
    });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return body;
    const told = failure.safeParse(body).data?.error.message.split('\n')[0];
    throw new ResourceManagerError(told ?? `It answers ${response.status}.`, response.status);
  }

  #parse<T>(path: string, value: unknown, schema: z.ZodType<T>): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new ResourceManagerError(
      `The answer to ${path.split('?')[0]} is in no known shape: ${z.prettifyError(parsed.error)}`,
      null,
    );
  }
}
