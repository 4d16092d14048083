// An Azure OpenAI account that others own: the app may call it, and its deployments' limits are read, nothing else.

import { existingModelAccount } from '../types.bicep'

param account existingModelAccount
@description('The app\'s identity. Its id names the role assignments, since what-if knows it beforehand.')
param appIdentityId string
param appPrincipalId string

var roles = loadJsonContent('../roles.json')

resource openAi 'Microsoft.CognitiveServices/accounts@2026-07-01' existing = {
  name: last(split(account.resourceId, '/'))
}

resource deployments 'Microsoft.CognitiveServices/accounts/deployments@2026-07-01' existing = [
  for deployment in account.deployments: {
    parent: openAi
    name: deployment.deployment
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

output deployments array = [
  for (deployment, index) in account.deployments: {
    model: deployment.model
    name: deployment.?name ?? account.name
    region: openAi.location
    endpoint: openAi.properties.endpoint
    deployment: deployment.deployment
    sku: deployments[index].sku.name
    capacity: deployments[index].sku.capacity
    priority: deployment.?priority ?? 1
    tokensPerMinute: deployment.?tokensPerMinute
    requestsPerMinute: deployment.?requestsPerMinute
    rateLimits: deployments[index].properties.?rateLimits ?? []
  }
]
