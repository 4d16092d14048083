// An Azure OpenAI account in one region with its deployments. No keys: callers need a token and a role.

import { modelAccount } from '../types.bicep'

param name string
param tags object
param account modelAccount
param isPublic bool
@description('The app\'s identity. Its id names the role assignments, since what-if knows it beforehand.')
param appIdentityId string
param appPrincipalId string
param workspaceId string

var roles = loadJsonContent('../roles.json')

resource openAi 'Microsoft.CognitiveServices/accounts@2026-07-01' = {
  name: name
  location: account.region
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    // Entra tokens are accepted on a host name of its own only.
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: isPublic ? 'Allow' : 'Deny'
    }
  }
}

// One at a time: the service refuses a second change of an account while one is under way.
@batchSize(1)
resource deployments 'Microsoft.CognitiveServices/accounts/deployments@2026-07-01' = [
  for deployment in account.deployments: {
    parent: openAi
    name: deployment.?deployment ?? deployment.model
    sku: {
      name: deployment.sku
      capacity: deployment.capacity
    }
    properties: {
      model: {
        format: 'OpenAI'
        name: deployment.?modelName ?? deployment.model
        version: deployment.version
      }
      raiPolicyName: deployment.?raiPolicyName ?? 'Microsoft.DefaultV2'
      versionUpgradeOption: 'NoAutoUpgrade'
    }
  }
]

resource mayCall 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: openAi
  name: guid(openAi.id, appIdentityId, roles.cognitiveServicesOpenAIUser)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.cognitiveServicesOpenAIUser
    )
  }
}

// Who called and who changed what. Neither category holds prompts or answers; Trace may, and is left out.
#disable-next-line use-recent-api-versions // The stable version of 2016 allows one setting only.
resource accountLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: openAi
  name: 'weir'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'Audit', enabled: true }
      { category: 'RequestResponse', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = openAi.id
output deployments array = [
  for (deployment, index) in account.deployments: {
    model: deployment.model
    name: deployment.?name ?? account.name
    region: account.region
    endpoint: openAi.properties.endpoint
    deployment: deployments[index].name
    sku: deployment.sku
    capacity: deployment.capacity
    priority: deployment.?priority ?? 1
    tokensPerMinute: deployment.?tokensPerMinute
    requestsPerMinute: deployment.?requestsPerMinute
    rateLimits: deployments[index].properties.?rateLimits ?? []
  }
]
