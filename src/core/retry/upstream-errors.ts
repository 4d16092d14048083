import type { JobError } from '../jobs/job.ts';

/** The region's fault: it answered wrongly or could not be reached. */
export function upstreamError(reason: string): JobError {
  return {
    type: 'server_error',
    code: 'upstream_error',
    message: `The model's deployments did not give a usable answer (${reason}). The request itself was not found at fault; submit it again later.`,
  };
}

/** The platform team's fault: a deployment is configured that is not there, does not serve the operation or refuses its credential. */
export function configurationError(reason: string): JobError {
  return {
    type: 'server_error',
    code: 'upstream_error',
    message: `The model's deployments cannot be called as they are configured (${reason}). Tell your platform team; the request itself was not found at fault.`,
  };
}

/** The region's fault: it took longer than Weir's time limits allow. */
export function upstreamTimeout(reason: string): JobError {
  return {
    type: 'server_error',
    code: 'upstream_timeout',
    message: `The model's deployments did not answer in time (${reason}). Ask for a shorter answer or submit it again later.`,
  };
}

/** Nobody's fault: every deployment was out of quota or capacity until the end. */
export function throttledError(reason: string): JobError {
  return {
    type: 'server_error',
    code: 'upstream_error',
    message: `Every deployment that was tried refused for lack of quota or capacity (${reason}). Submit it again later.`,
  };
}

/** The caller's fault: the service refused the request itself. The service's own words are in the response, never here. */
export function refusedRequest(statusCode: number, code: string, filteredCategories: readonly string[]): JobError {
  const why = filteredCategories.length > 0 ? ` (${filteredCategories.join(', ')})` : '';
  return {
    type: 'invalid_request_error',
    code,
    message:
      code === 'content_filter'
        ? `The content filter refused the prompt${why}. Change the prompt; the same request is refused again.`
        : `The service refused the request with status ${statusCode}; \`response\` holds its explanation. Correct the request; it was not retried.`,
  };
}

/** Weir ended the call itself, because the job was cancelled or its deadline passed. */
export const abortedError: JobError = {
  type: 'server_error',
  code: 'upstream_error',
  message: 'The call was ended before an answer came.',
};
