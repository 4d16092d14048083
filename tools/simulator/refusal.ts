import type { AdmissionHeadroom, AdmissionRefusalKind } from './admission.ts';

/** The forms of a 429's hint: as documented, and as seen in the field. */
export const HINT_FORMS = ['good', 'missing', '86400', 'minus1', 'legacy', 'message'] as const;

/** One of the forms of a 429's hint. */
export type HintForm = (typeof HINT_FORMS)[number];

/** Why a 429 was sent: one of the deployment's own limits, or too little capacity in the region (not a budget fact). */
export type RefusalKind = AdmissionRefusalKind | 'capacity';

/** A 429 ready to be sent. */
export type Refusal = { headers: { [name: string]: string }; body: unknown };

/** What a 429 says about. */
export type RefusalFacts = {
  kind: RefusalKind;
  hint: HintForm;
  /** The true wait on the caller's clock. */
  retryAfterMs: number;
  model: string;
  region: string;
  headroomHeaders: { [name: string]: string };
};

const SECONDS_OF_A_DAY = 86_400;

/** Writes a 429 in the words and headers of the service; sources in reference/azure-openai.md §2. */
export function writeRefusal(facts: RefusalFacts): Refusal {
  const seconds = facts.hint === '86400' ? SECONDS_OF_A_DAY : Math.max(1, Math.ceil(facts.retryAfterMs / 1000));
  const says = facts.hint === 'missing' || facts.hint === 'minus1' || facts.hint === 'legacy' ? null : seconds;
  return {
    headers: { ...withoutResets(facts.headroomHeaders), ...hintHeaders(facts, seconds) },
    body: {
      error: { code: facts.kind === 'capacity' ? 'too_many_requests' : '429', message: writeMessage(facts, says) },
    },
  };
}

/** The rate-limit headers of an answer; requests are those of the slice: 120 RPM in slices of 10 s shows a limit of 20. */
export function writeHeadroom(
  headroom: AdmissionHeadroom,
  toRealMs: (ms: number) => number,
): { [name: string]: string } {
  const seconds = (ms: number) => String(Math.ceil(toRealMs(ms) / 1000));
  return {
    'x-ratelimit-limit-requests': String(headroom.limitRequests),
    'x-ratelimit-limit-tokens': String(headroom.limitTokens),
    'x-ratelimit-remaining-requests': String(headroom.remainingRequests),
    'x-ratelimit-remaining-tokens': String(headroom.remainingTokens),
    'x-ratelimit-reset-requests': seconds(headroom.resetRequestsMs),
    'x-ratelimit-reset-tokens': seconds(headroom.resetTokensMs),
  };
}

// A 429 names at most the limit that refused, and how is what its form is about.
function withoutResets(headers: { [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-ratelimit-reset-')));
}

function hintHeaders(facts: RefusalFacts, seconds: number): { [name: string]: string } {
  const policy = { 'policy-id': facts.kind === 'requests' ? 'DeploymentRatelimit-Call' : 'DeploymentRatelimit-Token' };
  const reset = facts.kind === 'requests' ? 'x-ratelimit-reset-requests' : 'x-ratelimit-reset-tokens';
  const own = facts.kind === 'capacity' || facts.kind === 'utilisation' ? {} : policy;
  switch (facts.hint) {
    case 'good': {
      const exact: { [name: string]: string } =
        facts.kind === 'utilisation' ? { 'retry-after-ms': String(Math.ceil(facts.retryAfterMs)) } : {};
      return { ...own, 'retry-after': String(seconds), [reset]: String(seconds), ...exact };
    }
    case '86400':
      return { ...own, 'retry-after': String(seconds), [reset]: String(seconds) };
    case 'minus1':
      return {
        ...own,
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
      };
    case 'legacy':
      return { ...own, 'x-rate-limit-reset-tokens': String(seconds) };
    case 'missing':
    case 'message':
      return own;
  }
}

function writeMessage(facts: RefusalFacts, seconds: number | null): string {
  const retry = seconds === null ? 'Please retry later.' : `Please retry after ${seconds} seconds.`;
  switch (facts.kind) {
    case 'capacity':
      return `The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load. ${retry}`;
    case 'utilisation':
      return `The deployment ${facts.model} has reached its provisioned utilization limit. ${retry}`;
    case 'tokens':
    case 'requests': {
      const limit = facts.kind === 'tokens' ? 'token rate limit' : 'call rate limit';
      return `Your requests to ${facts.model} for ${facts.model} in ${facts.region} have exceeded the ${limit} for your current AIServices S0 pricing tier. This request was for ChatCompletions_Create under Azure OpenAI Service. ${retry}`;
    }
  }
}
