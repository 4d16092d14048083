import { OpenAIUpstream } from '../../src/core/adapters/openai/upstream.ts';
import type { DeploymentConfig, PoolConfig, WeirConfig } from '../../src/core/config/config-schema.ts';
import type { UpstreamOutcome } from '../../src/core/routing/upstream.ts';
import { makeTokenSource } from './check-identity.ts';
import type { Environment } from './document-places.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const limits = { connectMs: 5000, firstByteMs: 30_000, totalMs: 40_000 };

/** Calls every deployment once with the smallest request there is, past the gateway: this costs a few tokens each. */
export async function probeDeployments(config: WeirConfig, environment: Environment): Promise<readonly Finding[]> {
  const upstream = new OpenAIUpstream({ settings: environment, token: makeTokenSource(environment) });
  try {
    const findings: Finding[] = [];
    for (const pool of config.pools) {
      findings.push(...(await Promise.all(pool.deployments.map((deployment) => probe(upstream, pool, deployment)))));
    }
    return findings;
  } finally {
    upstream.close();
  }
}

async function probe(upstream: OpenAIUpstream, pool: PoolConfig, deployment: DeploymentConfig): Promise<Finding> {
  const isEmbedding = /embed/i.test(pool.model);
  const outcome = await upstream.call(
    {
      deployment,
      endpoint: isEmbedding ? '/v1/embeddings' : '/v1/chat/completions',
      // Reasoning models refuse max_tokens, and spend this much on thinking alone.
      body: isEmbedding
        ? { input: 'ping' }
        : { messages: [{ role: 'user', content: 'ping' }], max_completion_tokens: 16 },
      jobId: 'doctor',
      attempt: 1,
      traceparent: '00-00000000000000000000000000000001-0000000000000001-00',
      ...limits,
    },
    AbortSignal.timeout(limits.totalMs + 5000),
  );
  return judge(`${pool.model} by ${deployment.name}`, outcome, deployment);
}

function judge(name: string, outcome: UpstreamOutcome, deployment: DeploymentConfig): Finding {
  if (outcome.kind === 'unanswered') {
    const fix =
      outcome.fault === 'credential'
        ? 'There is no key or token to call it with: see Identity above.'
        : `Check that ${deployment.endpoint} is right and can be reached from here.`;
    return problem(`${name} does not answer: ${outcome.fault}`, fix);
  }
  const { statusCode, latencyMs } = outcome;
  if (statusCode >= 200 && statusCode < 300) return ok(`${name} answers in ${latencyMs} ms`);
  if (statusCode === 429)
    return warning(`${name} is reachable and out of quota.`, 'It is busy, or its limits are lower than configured.');
  if (statusCode === 401 || statusCode === 403) {
    return problem(
      `${name} refuses the credential (${statusCode}).`,
      'Needs the role Cognitive Services OpenAI User there, or a valid key.',
    );
  }
  if (statusCode === 404) {
    return problem(
      `${name}: there is no deployment "${deployment.deployment}" at ${deployment.endpoint}.`,
      'Correct pools[].deployments[].deployment: the name of the deployment, not of the model.',
    );
  }
  return problem(
    `${name} answers ${statusCode}.`,
    'Look at the resource in the portal: model, version and content filter.',
  );
}
