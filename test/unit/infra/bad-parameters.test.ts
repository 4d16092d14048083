import { describe, expect, it } from 'vitest';
import { useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();

const chat = "{ model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 50 }";

const mistakes: readonly { what: string; change: (text: string) => string; says: RegExp }[] = [
  {
    what: 'a deployment twice in one account',
    change: (text) => text.replace(chat, `${chat}\n      ${chat}`),
    says: /two deployments of a pool have one name.*gpt-4\.1-mini by swedencentral/,
  },
  {
    what: 'two accounts of one name',
    change: (text) =>
      text
        .replace('param existingAccounts', `var more = []\nparam existingAccounts`)
        .replace(
          'param accounts = [\n',
          `param accounts = [\n  {\n    name: 'swedencentral'\n    region: 'eastus2'\n    deployments: [{ model: 'gpt-4o', version: '1', sku: 'Standard', capacity: 1 }]\n  }\n`,
        )
        .replace('var more = []\n', ''),
    says: /two accounts have one name/,
  },
  {
    what: 'no model account at all',
    change: (text) => text.replace(/param accounts = \[[\s\S]*?\n\]/, 'param accounts = []'),
    says: /no model account/,
  },
  {
    what: 'provisioned units without what they bear',
    change: (text) => text.replace("'GlobalStandard'", "'ProvisionedManaged'"),
    says: /tokensPerMinute is missing on provisioned deployments of gpt-4\.1-mini/,
  },
  {
    what: 'a batch SKU, which takes no requests',
    change: (text) => text.replace("'GlobalStandard'", "'GlobalBatch'"),
    says: /BCP036|BCP033/,
  },
  { what: 'no capacity', change: (text) => text.replace('capacity: 50', 'capacity: 0'), says: /BCP/ },
  {
    what: 'a deployment without its version',
    change: (text) => text.replace(" version: '2025-04-14',", ''),
    says: /version/,
  },
  {
    what: 'a misspelt name',
    change: (text) => text.replace('capacity: 50', 'capactiy: 50'),
    says: /capactiy|capacity/,
  },
  {
    what: 'fewer instances than the platform takes',
    change: (text) => text.replace('maximumInstanceCount: 40', 'maximumInstanceCount: 39'),
    says: /40/,
  },
  {
    what: 'a lease that would break the 90 seconds',
    change: (text) => text.replace('leaseSeconds: 45', 'leaseSeconds: 300'),
    says: /75/,
  },
  {
    what: 'a region by its display name',
    change: (text) => text.replace("region: 'swedencentral'", "region: 'Sweden Central'"),
    says: /lower case without spaces.*Sweden Central/,
  },
  {
    what: 'a model name that Weir cannot store',
    change: (text) => text.replace("model: 'gpt-4.1-mini'", "model: 'GPT-4.1-mini'"),
    says: /lower case without spaces.*GPT-4\.1-mini/,
  },
  {
    what: 'something else than an account as an existing one',
    change: (text) =>
      text.replace(
        'param existingAccounts = []',
        `param existingAccounts = [
          {
            name: 'shared'
            resourceId: '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/x'
            deployments: [{ model: 'gpt-4.1-mini', deployment: 'mini' }]
          }
        ]`,
      ),
    says: /resourceId is not that of a model account/,
  },
  ...['', '2026-11-28', '2026-13-01', '26-11-1-01', 'abcd-11-01'].map((date) => ({
    what: `a budget that begins on '${date}'`,
    change: (text: string) => text.replace("readEnvironmentVariable('WEIR_BUDGET_START', '')", `'${date}'`),
    says: new RegExp(
      `^Parameters: budget.startDate is '${date}', not the first day of a month: set the variable WEIR_BUDGET_START`,
      'm',
    ),
  })),
  {
    what: 'a missing parameter',
    change: (text) => text.replace("param location = 'swedencentral'\n", ''),
    says: /dev\.bicepparam\(\d+,\d+\): Error BCP258.*location/,
  },
  {
    what: 'a deployment without its capacity',
    change: (text) => text.replace(', capacity: 50', ''),
    says: /dev\.bicepparam\(12,7\): Error BCP035.*"capacity"/,
  },
];

describe('parameters', () => {
  it.each(mistakes)('are refused before anything is deployed: $what', async ({ change, says }) => {
    const { diagnostics } = await infra.changed('env/dev', change);
    expect(diagnostics.join('\n')).toMatch(says);
  });

  it('may name a second deployment of a model in one account', async () => {
    const { diagnostics } = await infra.changed('env/dev', (text) =>
      text.replace(
        chat,
        `${chat}\n      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'Standard', capacity: 5, name: 'regional', deployment: 'mini-regional' }`,
      ),
    );
    expect(diagnostics).toEqual([]);
  });
});
