// Development: one region, public endpoints, small limits.
using '../main.bicep'

param environmentName = 'dev'
param location = 'swedencentral'

param accounts = [
  {
    name: 'swedencentral'
    region: 'swedencentral'
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 50 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 50 }
    ]
  }
]
param existingAccounts = []

param storageSku = 'Standard_LRS'
param scale = { maximumInstanceCount: 40, instanceMemoryMB: 2048, httpAlwaysReady: 0, httpConcurrency: 100 }
param behaviour = {
  leaseSeconds: 45
  graceSeconds: 2
  sweepSchedule: '*/15 * * * * *'
  probeSchedule: '0 * * * * *'
}
param network = { enabled: false, inbound: 'public', addressPrefix: '10.80.0.0/24' }
param monitoring = {
  retentionDays: 30
  dailyQuotaGb: 1
  alertEmails: split(readEnvironmentVariable('WEIR_ALERT_EMAILS', ''), ',')
}
param budget = { monthlyAmount: 100, startDate: readEnvironmentVariable('WEIR_BUDGET_START', '') }
param deployer = {
  principalId: readEnvironmentVariable('WEIR_DEPLOYER_ID', '')
  principalType: 'ServicePrincipal'
}
param extraTags = { environment: 'dev' }
