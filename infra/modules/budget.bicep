// What Azure bills for the resource group. Teams' budgets are Weir's own and are kept before the money is spent.

import { budgetSettings } from '../types.bicep'

param name string
param settings budgetSettings
param emails string[]
param actionGroupId string

var thresholds = [
  { name: 'actual-80', percent: 80, type: 'Actual' }
  { name: 'actual-100', percent: 100, type: 'Actual' }
  { name: 'forecast-100', percent: 100, type: 'Forecasted' }
]

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: settings.monthlyAmount
    timeGrain: 'Monthly'
    timePeriod: { startDate: settings.startDate }
    notifications: toObject(
      thresholds,
      threshold => threshold.name,
      threshold => {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: threshold.percent
        thresholdType: threshold.type
        contactEmails: emails
        contactGroups: [actionGroupId]
        contactRoles: ['Owner']
      }
    )
  }
}
