import type { RequestProblem } from './asked-answer.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';

type Headers = { [name: string]: string };

const DENIED =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.';
const NO_DEPLOYMENT =
  'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.';
const FILTERED =
  "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.";
const MESSAGES: { [status: number]: string } = {
  401: DENIED,
  403: 'Public access is disabled. Please configure private endpoint.',
  404: NO_DEPLOYMENT,
  408: 'The operation was timeout.',
  502: 'Bad gateway.',
  503: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
  504: 'Gateway timeout.',
};

/** Azure's 401. */
export function deliverDenied(headers: Headers): Delivery {
  return deliverStatus(401, headers);
}

/** Azure's 404 for a deployment that is not there. */
export function deliverNoDeployment(headers: Headers): Delivery {
  return deliverJson(404, headers, { error: { code: 'DeploymentNotFound', message: NO_DEPLOYMENT } });
}

const OPERATIONS = { chat: 'chatCompletion', embeddings: 'embeddings', responses: 'responses' } as const;

/** Azure's 400 for a call that the deployment's model does not serve, such as a chat with a model for embeddings. */
export function deliverWrongModel(headers: Headers, api: keyof typeof OPERATIONS, model: string): Delivery {
  const message = `The ${OPERATIONS[api]} operation does not work with the specified model, ${model}. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.`;
  return deliverJson(400, headers, { error: { code: 'OperationNotSupported', message } });
}

/** A refusal of the body, as OpenAI words it. */
export function deliverProblem(status: number, headers: Headers, { message, param, code }: RequestProblem): Delivery {
  return deliverJson(status, headers, { error: { message, type: 'invalid_request_error', param, code } });
}

/** Any other failure in the words the service has for it. */
export function deliverStatus(status: number, headers: Headers): Delivery {
  const message = MESSAGES[status] ?? 'The server had an error while processing your request. Sorry about that!';
  return deliverJson(status, headers, { error: { code: String(status), message } });
}

/** The content filter's 400. */
export function deliverFiltered(headers: Headers): Delivery {
  const innererror = {
    code: 'ResponsibleAIPolicyViolation',
    content_filter_result: { violence: { filtered: true, severity: 'medium' } },
  };
  const error = { message: FILTERED, type: null, param: 'prompt', code: 'content_filter', status: 400, innererror };
  return deliverJson(400, headers, { error });
}
