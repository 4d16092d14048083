import { makeTokenCounter } from '../../src/core/adapters/gpt-tokenizer/token-counter.ts';
import { estimateAdmission } from '../../src/core/capacity/admission-estimate.ts';
import { estimateRequest } from '../../src/core/tokens/estimate-request.ts';
import { estimateChat, OBSERVED_CHAT_RULE } from '../../tools/simulator/admission-estimate.ts';
import { loadTokenizer } from '../../tools/simulator/count-tokens.ts';
import { readChatRequest } from '../../tools/simulator/read-chat-request.ts';
import { describeErrors, type EstimateError } from './figures.ts';
import { type Kind, kinds, type Request } from './workload.ts';

/** What the simulated service makes of a request's prompt. */
export interface Measured {
  readonly request: Request;
  readonly promptTokens: number;
  readonly promptCharacters: number;
}

/** Measures prompts as the simulator does, which shares no code with the gateway. */
export async function measureRequests(requests: readonly Request[]): Promise<readonly Measured[]> {
  const tokenizer = await loadTokenizer();
  return requests.map((request) => {
    const read = readChatRequest({ ...request.body }, false);
    if (!read.ok) throw new Error(`The simulator refuses a request of kind ${request.kind}.`);
    const { promptText, messageTokens, imageTokens, promptCharacters } = read.request;
    return { request, promptTokens: tokenizer.count(promptText) + messageTokens + imageTokens, promptCharacters };
  });
}

export interface PromptErrors {
  readonly kind: Kind | 'all';
  readonly requests: number;
  /** Errors of prompt tokens by rule. */
  readonly rules: Readonly<Record<string, EstimateError>>;
  /** Error of what Weir books against what the service charges, output cap apart. */
  readonly booking: EstimateError;
}

/** How far off each rule is, by kind of prompt and over all of them. */
export async function comparePromptRules(measured: readonly Measured[]): Promise<readonly PromptErrors[]> {
  const countTokens = await makeTokenCounter().load('gpt-4.1-mini');
  const rows = measured.map(({ request, promptTokens, promptCharacters }) => {
    const { body, kind } = request;
    const own = estimateRequest({
      endpoint: '/v1/chat/completions',
      body,
      model: 'gpt-4.1-mini',
      countTokens,
      maxOutputTokens: 4096,
    });
    const text = JSON.stringify([body['messages'], body['tools'] ?? '']);
    const charge = { promptCharacters, promptTokensGiven: 0, maxOutputTokens: 0, choices: 1 };
    return {
      kind,
      actual: promptTokens,
      rules: {
        weir: own.inputTokens,
        'characters / 2': promptCharacters / 2,
        'characters / 4': promptCharacters / 4,
        'bytes / 2': Buffer.byteLength(text) / 2,
      },
      booked: estimateAdmission({ ...own, outputTokens: 0 }),
      charged: estimateChat(charge, OBSERVED_CHAT_RULE),
    };
  });
  return (['all', ...kinds] as const).map((kind) => {
    const own = rows.filter((row) => kind === 'all' || row.kind === kind);
    const errorsOf = (rule: keyof (typeof rows)[number]['rules']) =>
      describeErrors(own.map(({ rules, actual }) => ({ estimate: rules[rule], actual })));
    return {
      kind,
      requests: own.length,
      rules: {
        weir: errorsOf('weir'),
        'characters / 2': errorsOf('characters / 2'),
        'characters / 4': errorsOf('characters / 4'),
        'bytes / 2': errorsOf('bytes / 2'),
      },
      booking: describeErrors(own.map(({ booked, charged }) => ({ estimate: booked, actual: charged }))),
    };
  });
}
