// Test: two regions, so that failover is real; the private network of production.
using '../main.bicep'

param environmentName = 'test'
param location = 'swedencentral'

param accounts = [
  {
    name: 'swedencentral'
    region: 'swedencentral'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 100 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 100 }
    ]
  }
  {
    name: 'eastus2'
    region: 'eastus2'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 100, priority: 2 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 100, priority: 2 }
    ]
  }
]
param existingAccounts = []

param storageSku = 'Standard_ZRS'
param scale = { maximumInstanceCount: 40, instanceMemoryMB: 2048, httpAlwaysReady: 0, httpConcurrency: 100 }
param behaviour = {
  leaseSeconds: 45
  graceSeconds: 2
  sweepSchedule: '*/15 * * * * *'
  probeSchedule: '*/5 * * * * *'
}
param network = { enabled: true, inbound: 'public', addressPrefix: '10.81.0.0/24' }
param monitoring = {
  retentionDays: 30
  dailyQuotaGb: 5
  alertEmails: split(readEnvironmentVariable('WEIR_ALERT_EMAILS', ''), ',')
}
param budget = { monthlyAmount: 300, startDate: readEnvironmentVariable('WEIR_BUDGET_START', '') }
param deployer = {
  principalId: readEnvironmentVariable('WEIR_DEPLOYER_ID', '')
  principalType: 'ServicePrincipal'
}
param extraTags = { environment: 'test' }
