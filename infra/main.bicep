// Weir in one subscription: a resource group with everything in it, and a role on every model account.
// The same file for every environment; only the parameters differ.
targetScope = 'subscription'

import { findParameterProblems } from 'parameter-problems.bicep'
import {
  appBehaviour
  budgetSettings
  deployerIdentity
  existingModelAccount
  modelAccount
  monitoringSettings
  networkSettings
  scaleSettings
} from 'types.bicep'

@description('Short name of the environment, part of every name.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('Region of the gateway itself; the models may be in others.')
@minLength(1)
param location string

@description('Azure OpenAI accounts to create.')
param accounts modelAccount[]

@description('Azure OpenAI accounts that exist.')
param existingAccounts existingModelAccount[]

param storageSku 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_GZRS'
param scale scaleSettings
param behaviour appBehaviour
param network networkSettings
param monitoring monitoringSettings
param budget budgetSettings
param deployer deployerIdentity

@description('Added to the tags of every resource.')
param extraTags object

// ---- names and tags: here and nowhere else ------------------------------------------------------------------------

var short = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var suffix = 'weir-${environmentName}'
var tags = union({ 'azd-env-name': environmentName, application: 'weir' }, extraTags)
var names = {
  actionGroup: '${short.actionGroup}-${suffix}'
  applicationInsights: '${short.applicationInsights}-${suffix}'
  budget: '${short.budget}-${suffix}'
  functionApp: '${short.functionApp}-${suffix}-${token}'
  functionPlan: '${short.functionPlan}-${suffix}'
  identity: '${short.identity}-${suffix}'
  logAnalytics: '${short.logAnalytics}-${suffix}'
  modelAccount: '${short.modelAccount}-${suffix}'
  privateEndpoint: '${short.privateEndpoint}-${suffix}'
  resourceGroup: '${short.resourceGroup}-${suffix}'
  storageAccount: '${short.storageAccount}weir${token}'
  virtualNetwork: '${short.virtualNetwork}-${suffix}'
}
var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  openAi: environment().name == 'AzureUSGovernment' ? 'privatelink.openai.azure.us' : 'privatelink.openai.azure.com'
  site: environment().name == 'AzureUSGovernment' ? 'privatelink.azurewebsites.us' : 'privatelink.azurewebsites.net'
}
var openAiScope = environment().name == 'AzureUSGovernment'
  ? 'https://cognitiveservices.azure.us/.default'
  : 'https://cognitiveservices.azure.com/.default'

// Computed, not read from the module: it names role assignments, and what-if must know names beforehand.
var identityId = resourceId(
  subscription().subscriptionId,
  names.resourceGroup,
  'Microsoft.ManagedIdentity/userAssignedIdentities',
  names.identity
)

// Written with blanks after the commas they would be refused by Azure, in the last module.
var alertEmails = filter(map(monitoring.alertEmails, email => trim(email)), email => !empty(email))

var problems = findParameterProblems(accounts, existingAccounts, budget)
// In the resource group's name, so that nothing is deployed before the parameters make sense.
var checkedGroupName = empty(problems) ? names.resourceGroup : fail('Parameters: ${join(problems, '; ')}')

// ---- resources ----------------------------------------------------------------------------------------------------

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: checkedGroupName
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module observed 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.logAnalytics
    applicationInsightsName: names.applicationInsights
    location: location
    tags: tags
    settings: monitoring
    appIdentityId: identityId
    appPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storageAccount
    location: location
    tags: tags
    sku: storageSku
    isPublic: !network.enabled
    appIdentityId: identityId
    appPrincipalId: identity.outputs.principalId
    deployer: deployer
    workspaceId: observed.outputs.workspaceId
  }
}

module privateNetwork 'modules/network.bicep' = if (network.enabled) {
  scope: group
  params: {
    name: names.virtualNetwork
    location: location
    tags: tags
    addressPrefix: network.addressPrefix
    natGatewayId: network.?natGatewayId ?? ''
    zoneNames: zoneNames
  }
}

module storageEndpoints 'modules/private-endpoint.bicep' = [
  for service in ['blob', 'queue', 'table']: if (network.enabled) {
    scope: group
    params: {
      name: '${names.privateEndpoint}-${service}'
      location: location
      tags: tags
      subnetId: privateNetwork!.outputs.endpointSubnetId
      targetId: storage.outputs.id
      groupId: service
      zoneId: privateNetwork!.outputs.zoneIds[service]
    }
  }
]

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    planName: names.functionPlan
    name: names.functionApp
    location: location
    tags: tags
    identityId: identityId
    identityClientId: identity.outputs.clientId
    storageAccountName: names.storageAccount
    packageContainerUrl: storage.outputs.packageContainerUrl
    applicationInsightsName: names.applicationInsights
    workspaceId: observed.outputs.workspaceId
    scale: scale
    behaviour: behaviour
    openAiScope: openAiScope
    subnetId: network.enabled ? privateNetwork!.outputs.appSubnetId : ''
    isPublic: !(network.enabled && network.inbound == 'private')
  }
  // The host reaches its storage from its first start on.
  dependsOn: [storageEndpoints]
}

module appEndpoint 'modules/private-endpoint.bicep' = if (network.enabled && network.inbound == 'private') {
  scope: group
  params: {
    name: '${names.privateEndpoint}-site'
    location: location
    tags: tags
    subnetId: privateNetwork!.outputs.endpointSubnetId
    targetId: app.outputs.id
    groupId: 'sites'
    zoneId: privateNetwork!.outputs.zoneIds.site
  }
}

module models 'modules/model-account.bicep' = [
  for account in accounts: {
    scope: group
    params: {
      name: '${names.modelAccount}-${account.name}-${token}'
      tags: tags
      account: account
      isPublic: !network.enabled
      appIdentityId: identityId
      appPrincipalId: identity.outputs.principalId
      workspaceId: observed.outputs.workspaceId
    }
  }
]

module modelEndpoints 'modules/private-endpoint.bicep' = [
  for (account, index) in accounts: if (network.enabled) {
    scope: group
    params: {
      // With a word of its own: an account may be called blob or site.
      name: '${names.privateEndpoint}-models-${account.name}'
      location: location
      tags: tags
      subnetId: privateNetwork!.outputs.endpointSubnetId
      targetId: models[index].outputs.id
      groupId: 'account'
      zoneId: privateNetwork!.outputs.zoneIds.openAi
    }
  }
]

module existingModels 'modules/existing-model-account.bicep' = [
  for account in existingAccounts: {
    scope: resourceGroup(split(account.resourceId, '/')[2], split(account.resourceId, '/')[4])
    params: {
      account: account
      appIdentityId: identityId
      appPrincipalId: identity.outputs.principalId
    }
  }
]

module existingModelEndpoints 'modules/private-endpoint.bicep' = [
  for account in existingAccounts: if (network.enabled) {
    scope: group
    params: {
      // With a word of its own: an account may be called blob or site.
      name: '${names.privateEndpoint}-models-${account.name}'
      location: location
      tags: tags
      subnetId: privateNetwork!.outputs.endpointSubnetId
      targetId: account.resourceId
      groupId: 'account'
      zoneId: privateNetwork!.outputs.zoneIds.openAi
    }
  }
]

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    actionGroupName: names.actionGroup
    rulePrefix: suffix
    location: location
    tags: tags
    emails: alertEmails
    applicationInsightsId: observed.outputs.applicationInsightsId
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    title: 'Weir ${environmentName}'
    location: location
    tags: tags
    applicationInsightsName: names.applicationInsights
  }
  dependsOn: [observed]
}

module groupBudget 'modules/budget.bicep' = {
  scope: group
  params: {
    name: names.budget
    settings: budget
    emails: alertEmails
    actionGroupId: alerts.outputs.actionGroupId
  }
}

// ---- outputs: names and limits, no secret -------------------------------------------------------------------------

output WEIR_RESOURCE_GROUP string = group.name
output WEIR_STORAGE_ACCOUNT string = storage.outputs.name
output WEIR_CONFIG_URL string = storage.outputs.configUrl
output WEIR_FUNCTION_APP string = app.outputs.name
output WEIR_URL string = app.outputs.url
@description('Deployments by account, with the limits that the service granted: what make-config.ts turns into pools.')
output WEIR_CREATED_DEPLOYMENTS array = [for (account, index) in accounts: models[index].outputs.deployments]
output WEIR_EXISTING_DEPLOYMENTS array = [
  for (account, index) in existingAccounts: existingModels[index].outputs.deployments
]
