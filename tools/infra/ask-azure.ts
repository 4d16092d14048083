import { spawnSync } from 'node:child_process';
import { budgetAnswer } from './find-budget-problem.ts';
import { type RegionAnswer, regionAnswer } from './find-model-problems.ts';

/** What az says instead of an answer. */
class AzureError extends Error {}

/** What a region offers, and what the subscription that az is signed in to may have there. */
export function askRegion(region: string): RegionAnswer {
  const list = (what: 'model' | 'usage') =>
    askAzure(['cognitiveservices', what, 'list', '--location', region, '--output', 'json']);
  return regionAnswer.parse({ models: list('model'), quotas: list('usage') });
}

/** When a budget began that the templates would write; null while there is none. */
export function askBudgetStart(budget: Readonly<Record<string, unknown>>): string | null {
  // The id was computed for any subscription; az puts its own in place of the braces.
  const id = String(budget['id']).replace(/^\/subscriptions\/[^/]+/, '/subscriptions/{subscriptionId}');
  const url = `${id}?api-version=${String(budget['apiVersion'])}`;
  try {
    return budgetAnswer.parse(askAzure(['rest', '--method', 'get', '--url', url])).properties.timePeriod.startDate;
  } catch (error) {
    if (error instanceof AzureError && /Not ?Found/.test(error.message)) return null;
    throw error;
  }
}

function askAzure(args: readonly string[]): unknown {
  const result = spawnSync('az', args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, timeout: 120_000 });
  if (result.error !== undefined) {
    throw new Error(
      `'az' could not be run (${result.error.message}): install the Azure CLI, sign in by 'az login', and try again.`,
    );
  }
  if (result.status !== 0) throw new AzureError(`az ${args.join(' ')}: ${result.stderr.trim()}`);
  return JSON.parse(result.stdout);
}
