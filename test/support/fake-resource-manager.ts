import { ResourceManager } from '../../tools/weir/azure/resource-manager.ts';
import { ListeningServer, type ScriptedAnswer } from './listening-server.ts';

/** A server that answers as Azure Resource Manager does, over HTTP, from a table of paths (without query). */
export class FakeResourceManager {
  readonly server: ListeningServer;
  readonly azure: ResourceManager;
  /** By path in lower case; a list is answered in pages of one. */
  readonly resources = new Map<string, unknown>();
  /** Paths that are refused, with the status. */
  readonly refused = new Map<string, number>();

  private constructor(server: ListeningServer) {
    this.server = server;
    this.azure = new ResourceManager({ origin: server.url, token: async () => 'token-of-the-caller' });
  }

  static async start(): Promise<FakeResourceManager> {
    const fake = new FakeResourceManager(await ListeningServer.start(() => ({ body: {} })));
    fake.server.answer = (request) => fake.#answer(request.path, request.headers.authorization);
    return fake;
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  #answer(target: string, authorization: string | undefined): ScriptedAnswer {
    const url = new URL(target, this.server.url);
    const path = url.pathname.toLowerCase();
    if (authorization !== 'Bearer token-of-the-caller') return refuse(401, 'The access token is invalid.');
    if (url.searchParams.get('api-version') === null)
      return refuse(400, 'The api-version query parameter is required.');
    const status = this.refused.get(path);
    if (status !== undefined) return refuse(status, `The client does not have authorization over ${path}.`);
    const found = this.resources.get(path);
    if (found === undefined) return refuse(404, `The resource ${path} was not found.`);
    if (!Array.isArray(found)) return { body: found };
    const at = Number(url.searchParams.get('$skipToken') ?? 0);
    const next = new URL(url);
    next.searchParams.set('$skipToken', `${at + 1}`);
    return { body: { value: found.slice(at, at + 1), ...(at + 1 < found.length ? { nextLink: next.href } : {}) } };
  }
}

function refuse(status: number, message: string): ScriptedAnswer {
  return { status, body: { error: { code: 'Refused', message } } };
}
