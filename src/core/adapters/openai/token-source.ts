/** Gives a bearer token; caches it as long as it is valid. Rejects when none can be had. */
export type TokenSource = () => Promise<string>;

/** How the app proves who it is to Azure OpenAI. */
export interface TokenSettings {
  /** e.g. `https://cognitiveservices.azure.com/.default`. */
  readonly scope: string;
  /** True in Azure, where the managed identity is used; elsewhere the developer's own sign-in is. */
  readonly isInAzure: boolean;
  /** Client id of a user-assigned identity; null for the system-assigned one. */
  readonly clientId: string | null;
}

/** Default audience: reported to be accepted by all Azure AI endpoints (reference/azure-openai.md §5.1). */
export const defaultTokenScope = 'https://cognitiveservices.azure.com/.default';

/** A token source of this app's identity. The identity SDK costs a cold start much: it loads at the first token. */
export function createTokenSource(settings: TokenSettings): TokenSource {
  let provider: Promise<TokenSource> | null = null;
  const load = async (): Promise<TokenSource> => {
    const identity = await import('@azure/identity');
    const { clientId } = settings;
    const managed = clientId === null ? {} : { clientId };
    const credential = settings.isInAzure
      ? new identity.ManagedIdentityCredential(managed)
      : new identity.DefaultAzureCredential(clientId === null ? {} : { managedIdentityClientId: clientId });
    return identity.getBearerTokenProvider(credential, settings.scope);
  };
  return async () => {
    if (provider === null) {
      const loading = load();
      provider = loading;
      // A failed load is not kept: the next call tries again.
      loading.catch(() => {
        if (provider === loading) provider = null;
      });
    }
    const source = await provider;
    return await source();
  };
}
