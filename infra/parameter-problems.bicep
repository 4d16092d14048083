// What no type can say about the parameters and no resource provider would refuse in time.

import { budgetSettings, existingModelAccount, modelAccount } from 'types.bicep'

func hasDuplicates(names string[]) bool => length(union(names, names)) != length(names)

func listUnfit(names string[]) string[] =>
  filter(union(names, names), name => name != toLower(replace(name, ' ', '')))

func sayIf(isWrong bool, message string) string[] => isWrong ? [message] : []

// A deployment's name in Weir, unique in its pool.
func listRoutes(account { name: string, deployments: { model: string, name: string? }[] }) string[] =>
  map(account.deployments, deployment => '${deployment.model} by ${deployment.?name ?? account.name}')

func judgeNames(accountNames string[], routes string[], azureNames string[]) string[] =>
  concat(
    sayIf(hasDuplicates(accountNames), 'two accounts have one name (${join(accountNames, ', ')})'),
    sayIf(
      hasDuplicates(routes),
      'two deployments of a pool have one name (${join(routes, ', ')}): give one of them a name of its own'
    ),
    sayIf(
      hasDuplicates(azureNames),
      'an account has two deployments of one name (${join(azureNames, ', ')}): set deployment on one of them'
    )
  )

func judgeUnits(unsized string[]) string[] =>
  sayIf(!empty(unsized), 'tokensPerMinute is missing on provisioned deployments of ${join(unsized, ', ')}')

func judgeSpelling(unfit string[]) string[] =>
  sayIf(
    !empty(unfit),
    'model, deployment names and regions are lower case without spaces in Weir: ${join(unfit, ', ')}'
  )

func judgeIds(unfit string[]) string[] =>
  sayIf(!empty(unfit), 'resourceId is not that of a model account: ${join(unfit, ', ')}')

func isDigits(text string) bool =>
  empty(filter(range(0, length(text)), index => !contains('0123456789', substring(text, index, 1))))

func isFirstOfMonth(date string) bool =>
  length(date) == 10 && endsWith(date, '-01') && isDigits(substring(date, 0, 4)) && contains(
    ['-01', '-02', '-03', '-04', '-05', '-06', '-07', '-08', '-09', '-10', '-11', '-12'],
    substring(date, 4, 3)
  )

func judgeStart(date string) string[] =>
  sayIf(
    !isFirstOfMonth(date),
    'budget.startDate is \'${date}\', not the first day of a month: set the variable WEIR_BUDGET_START (export, azd env set) to that of the month of the installation, written yyyy-MM-01, and keep it'
  )

@export()
@description('Everything that is wrong with the parameters; empty when nothing is.')
func findParameterProblems(
  accounts modelAccount[],
  existingAccounts existingModelAccount[],
  budget budgetSettings
) string[] =>
  concat(
    judgeStart(budget.startDate),
    sayIf(empty(accounts) && empty(existingAccounts), 'no model account: set accounts or existingAccounts'),
    judgeNames(
      concat(map(accounts, account => account.name), map(existingAccounts, account => account.name)),
      concat(
        flatten(map(accounts, account => listRoutes(account))),
        flatten(map(existingAccounts, account => listRoutes(account)))
      ),
      flatten(map(
        accounts,
        account =>
          map(account.deployments, deployment => '${deployment.?deployment ?? deployment.model} in ${account.name}')
      ))
    ),
    judgeUnits(map(
      filter(
        flatten(map(accounts, account => account.deployments)),
        deployment => endsWith(deployment.sku, 'ProvisionedManaged') && !contains(deployment, 'tokensPerMinute')
      ),
      deployment => deployment.model
    )),
    judgeSpelling(listUnfit(concat(
      map(accounts, account => account.name),
      map(accounts, account => account.region),
      map(existingAccounts, account => account.name),
      flatten(map(accounts, account => map(account.deployments, deployment => deployment.model))),
      flatten(map(accounts, account => map(account.deployments, deployment => deployment.?name ?? account.name))),
      flatten(map(existingAccounts, account => map(account.deployments, deployment => deployment.model))),
      flatten(map(existingAccounts, account => map(account.deployments, deployment => deployment.?name ?? account.name)))
    ))),
    judgeIds(filter(
      map(existingAccounts, account => account.resourceId),
      id => !contains(toLower(id), '/providers/microsoft.cognitiveservices/accounts/') || length(split(id, '/')) != 9
    ))
  )
