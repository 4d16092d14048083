// Production: three regions, private network, zone-redundant storage, one warm HTTP instance.
using '../main.bicep'

param environmentName = 'prod'
param location = 'swedencentral'

param accounts = [
  {
    name: 'swedencentral'
    region: 'swedencentral'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 500 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 300 }
    ]
  }
  {
    name: 'eastus2'
    region: 'eastus2'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 500 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 300 }
    ]
  }
  {
    name: 'japaneast'
    region: 'japaneast'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 500, priority: 2 }
    ]
  }
]
param existingAccounts = []

param storageSku = 'Standard_ZRS'
param scale = { maximumInstanceCount: 100, instanceMemoryMB: 2048, httpAlwaysReady: 1, httpConcurrency: 100 }
param behaviour = {
  leaseSeconds: 45
  graceSeconds: 2
  sweepSchedule: '*/15 * * * * *'
  probeSchedule: '*/5 * * * * *'
}
param network = { enabled: true, inbound: 'private', addressPrefix: '10.82.0.0/24' }
param monitoring = {
  retentionDays: 90
  dailyQuotaGb: -1
  alertEmails: split(readEnvironmentVariable('WEIR_ALERT_EMAILS', ''), ',')
}
param budget = { monthlyAmount: 5000, startDate: readEnvironmentVariable('WEIR_BUDGET_START', '') }
param deployer = {
  principalId: readEnvironmentVariable('WEIR_DEPLOYER_ID', '')
  principalType: 'ServicePrincipal'
}
param extraTags = { environment: 'prod' }
