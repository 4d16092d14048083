// Shapes of the parameters. A parameter file that misses a value or misspells a name does not compile.

@export()
@description('The deployment types of Azure OpenAI that Weir routes to. Batch types take no requests.')
type deploymentSku =
  | 'Standard'
  | 'DataZoneStandard'
  | 'GlobalStandard'
  | 'ProvisionedManaged'
  | 'DataZoneProvisionedManaged'
  | 'GlobalProvisionedManaged'

@export()
@description('A model deployment to create. Its limits are written here once, as capacity: everything else reads them from the service.')
@sealed()
type modelDeployment = {
  @description('The pool it serves: the model name that clients ask for.')
  @minLength(1)
  @maxLength(63)
  model: string

  @description('The model\'s name in Azure, when it differs from the pool\'s.')
  modelName: string?

  @description('The model\'s version, pinned: an automatic upgrade changes limits and prices under a running gateway.')
  @minLength(1)
  version: string

  sku: deploymentSku

  @description('Thousands of tokens per minute; on provisioned types, provisioned throughput units.')
  @minValue(1)
  capacity: int

  @description('Its name in Weir, when one account serves a model twice. Default: the account\'s name.')
  @maxLength(63)
  name: string?

  @description('Its name in Azure. Default: the model\'s.')
  @maxLength(63)
  deployment: string?

  @description('1 is asked first.')
  @minValue(1)
  priority: int?

  @description('Provisioned types only: what these units bear, from the sizing calculator. Elsewhere the service says it.')
  @minValue(1)
  tokensPerMinute: int?

  @description('Only where the service reports no request limit.')
  @minValue(1)
  requestsPerMinute: int?

  @description('Content filter policy.')
  raiPolicyName: string?
}

@export()
@description('An Azure OpenAI account to create in a region, with its deployments.')
@sealed()
type modelAccount = {
  @description('Short name, also the default name of its deployments in Weir: as a rule the region.')
  @minLength(2)
  @maxLength(20)
  name: string

  region: string

  @minLength(1)
  deployments: modelDeployment[]
}

@export()
@description('A deployment that exists. Its SKU and limits are read from the service.')
@sealed()
type existingModelDeployment = {
  @minLength(1)
  @maxLength(63)
  model: string

  @description('Its name in Azure.')
  @minLength(1)
  deployment: string

  @maxLength(63)
  name: string?

  @minValue(1)
  priority: int?

  @minValue(1)
  tokensPerMinute: int?

  @minValue(1)
  requestsPerMinute: int?
}

@export()
@description('An Azure OpenAI account that exists, in any resource group or subscription of the tenant. Only a role is added to it.')
@sealed()
type existingModelAccount = {
  @minLength(2)
  @maxLength(20)
  name: string

  @description('/subscriptions/…/resourceGroups/…/providers/Microsoft.CognitiveServices/accounts/…')
  @minLength(1)
  resourceId: string

  @minLength(1)
  deployments: existingModelDeployment[]
}

@export()
@description('How the Function App scales. Each queue function scales alone, all HTTP functions as one group.')
@sealed()
type scaleSettings = {
  @description('Most instances per scale group.')
  @minValue(40)
  @maxValue(1000)
  maximumInstanceCount: int

  instanceMemoryMB: 512 | 2048 | 4096

  @description('Instances of the HTTP group that are always warm. 0: none.')
  @minValue(0)
  @maxValue(20)
  httpAlwaysReady: int

  @description('Requests that one HTTP instance answers at a time before the platform adds another. Most of them only wait: for a job (wait=30) or for a place in the queue.')
  @minValue(1)
  @maxValue(1000)
  httpConcurrency: int
}

@export()
@description('What the app\'s processes are told. Times in seconds.')
@sealed()
type appBehaviour = {
  @description('How long a claim on a job lives without a heartbeat.')
  @minValue(15)
  @maxValue(75)
  leaseSeconds: int

  @description('How long calls in flight may take to finish when the platform stops an instance: the host ends it five seconds after it has asked.')
  @minValue(0)
  @maxValue(2)
  graceSeconds: int

  @description('When the sweep runs: six NCRONTAB fields.')
  @minLength(11)
  sweepSchedule: string

  @description('When deployments that are out, and that no work tests, are tested: six NCRONTAB fields. A look is billed as a second of an instance, trouble or not.')
  @minLength(11)
  probeSchedule: string
}

@export()
@description('Private networking. Off: reachable over the internet, still with Entra identity only.')
@sealed()
type networkSettings = {
  enabled: bool

  @description('Whether callers reach the gateway over the internet or only inside the network.')
  inbound: 'public' | 'private'

  @description('A /24 is plenty.')
  addressPrefix: string

  @description('NAT gateway through which the app reaches Entra and Application Insights, where they should see one known address. Without it Azure\'s own way out is left open.')
  natGatewayId: string?
}

@export()
@description('Where logs go and who hears of trouble.')
@sealed()
type monitoringSettings = {
  @minValue(30)
  @maxValue(730)
  retentionDays: int

  @description('Most gigabytes of logs a day; -1: no cap.')
  dailyQuotaGb: int

  @description('Blanks around an address and empty ones do no harm.')
  alertEmails: string[]
}

@export()
@description('Budget of the resource group as Azure bills it: infrastructure and created model accounts.')
@sealed()
type budgetSettings = {
  @minValue(1)
  monthlyAmount: int

  @description('First day of the month of the installation, yyyy-MM-01. It has no default: Azure takes no past month for a new budget, and refuses to move the date of one that is there.')
  startDate: string
}

@export()
@description('Who publishes the configuration blob after provisioning. An empty id gives nobody the role.')
@sealed()
type deployerIdentity = {
  principalId: string
  principalType: 'User' | 'Group' | 'ServicePrincipal'
}
