// The Function App on Flex Consumption, its settings, and the doors it does not have (FTP, SCM passwords, debugging).

import { appBehaviour, scaleSettings } from '../types.bicep'

param planName string
param name string
param location string
param tags object
param identityId string
param identityClientId string
param storageAccountName string
@description('URL of the container that the platform keeps the package in.')
param packageContainerUrl string
param applicationInsightsName string
param workspaceId string
param scale scaleSettings
param behaviour appBehaviour
@description('OAuth scope of Azure OpenAI in this cloud.')
param openAiScope string
@description('Subnet delegated to the app; empty without a network.')
param subnetId string
param isPublic bool

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstanceCount
        alwaysReady: scale.httpAlwaysReady == 0 ? [] : [{ name: 'http', instanceCount: scale.httpAlwaysReady }]
        triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } }
      }
      runtime: { name: 'node', version: '24' }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      // No welcome page that tells strangers what runs here.
      AzureWebJobsDisableHomepage: 'true'
      // Addresses and not __accountName: host and app would both add the public cloud's domain to a name.
      AzureWebJobsStorage__blobServiceUri: 'https://${storageAccountName}.blob.${environment().suffixes.storage}'
      AzureWebJobsStorage__queueServiceUri: 'https://${storageAccountName}.queue.${environment().suffixes.storage}'
      AzureWebJobsStorage__tableServiceUri: 'https://${storageAccountName}.table.${environment().suffixes.storage}'
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      AZURE_CLIENT_ID: identityClientId
      WEIR_CONFIG: 'blob:config/weir.config.json'
      WEIR_KEYS: 'blob:config/weir.keys.json'
      WEIR_LEASE_SECONDS: string(behaviour.leaseSeconds)
      WEIR_GRACE_SECONDS: string(behaviour.graceSeconds)
      WEIR_SWEEP_SCHEDULE: behaviour.sweepSchedule
      WEIR_PROBE_SCHEDULE: behaviour.probeSchedule
      WEIR_OPENAI_SCOPE: openAiScope
    }
  }

  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scmPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

#disable-next-line use-recent-api-versions // The stable version of 2016 allows one setting only.
resource appLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'weir'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
