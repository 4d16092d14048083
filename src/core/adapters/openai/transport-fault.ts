import type { UpstreamFault } from '../../routing/upstream.ts';

/** Why an exchange ended without a whole answer. Crosses the SDK as an error's cause; holds no content. */
export class TransportFault extends Error {
  readonly fault: UpstreamFault;

  constructor(fault: UpstreamFault, cause?: unknown) {
    super(`The call ended: ${fault}`, { cause });
    this.name = 'TransportFault';
    this.fault = fault;
  }
}

const dnsCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const certificateCodes =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|CRL_|INVALID_CA|INVALID_PURPOSE)/;

/** Names a socket's error by its code; `stage` is how far the exchange had come. */
export function nameSocketError(error: unknown, stage: 'connecting' | 'sent' | 'answering'): TransportFault {
  if (error instanceof TransportFault) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (dnsCodes.has(code)) return new TransportFault('dns', error);
  if (certificateCodes.test(code)) return new TransportFault('certificate', error);
  if (stage === 'answering') return new TransportFault('truncated', error);
  // The parser's complaint: what came was no HTTP.
  if (code.startsWith('HPE_')) return new TransportFault('not_json', error);
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' || stage === 'sent')
    return new TransportFault('reset', error);
  return new TransportFault('connect', error);
}
