// Alerts on what the app emits. The rules are data: alerts.json; what to do about each is in docs/deploy.md.

param actionGroupName string
param rulePrefix string
param location string
param tags object
param emails string[]
param applicationInsightsId string

var rules = loadJsonContent('../alerts.json')

resource recipients 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  #disable-next-line no-hardcoded-location // Action groups are global.
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'weir'
    emailReceivers: [
      for email in emails: {
        name: email
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${rulePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Weir: ${rule.title}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [applicationInsightsId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      // At the first deployment nothing has been emitted yet, and the validation would miss the fields.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: join(rule.query, '\n')
            timeAggregation: 'Count'
            operator: rule.fires == 'whenNoRow' ? 'LessThan' : 'GreaterThanOrEqual'
            threshold: 1
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [recipients.id] }
    }
  }
]

output actionGroupId string = recipients.id
