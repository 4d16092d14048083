// The workbook: work, waiting, money and health on one page, from the app's own events.

param title string
param location string
param tags object
@description('Its id gives the workbook its name.')
param applicationInsightsName string

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsights.id, 'weir-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    version: '1.0'
    sourceId: applicationInsights.id
    serializedData: loadTextContent('../workbook.json')
  }
}
