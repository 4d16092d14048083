// What `azd up` deploys: an environment of one's own, small and public. dev, test and prod are in env/.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'try')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')

param accounts = [
  {
    name: 'first'
    region: readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
    deployments: [
      { model: 'gpt-4.1-mini', version: '2025-04-14', sku: 'GlobalStandard', capacity: 20 }
      { model: 'text-embedding-3-small', version: '1', sku: 'GlobalStandard', capacity: 20 }
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
param budget = { monthlyAmount: 50, startDate: readEnvironmentVariable('WEIR_BUDGET_START', '') }
param deployer = {
  principalId: readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
  principalType: readEnvironmentVariable('WEIR_DEPLOYER_TYPE', 'User')
}
param extraTags = {}
