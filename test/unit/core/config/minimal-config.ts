/** A small valid configuration as a plain document, to be bent by tests. */
export function minimalConfig() {
  const deployment = {
    name: 'eastus',
    region: 'eastus',
    endpoint: 'https://contoso.openai.azure.com',
    deployment: 'chat',
    sku: 'GlobalStandard',
    tokensPerMinute: 100_000,
    requestsPerMinute: 600,
  };
  return {
    pools: [{ model: 'gpt-4.1-mini', deployments: [deployment, { ...deployment, name: 'westeurope' }] }],
    teams: [
      { id: 'search', keys: [{ sha256: 'a'.repeat(64) }], models: ['gpt-4.1-mini'] },
      { id: 'support', keys: [{ sha256: 'b'.repeat(64) }], models: ['gpt-4.1-mini'] },
    ],
  };
}
