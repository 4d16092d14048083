import type { IncomingHttpHeaders } from 'node:http';

/** Whether a request carries a credential that is accepted: `key` alone, or any when it is null; two must both be right. */
export function isAuthorized(headers: IncomingHttpHeaders, key: string | null): boolean {
  const apiKey = headers['api-key'];
  const bearer = /^Bearer\s+(\S+)$/iu.exec(headers.authorization ?? '')?.[1];
  const given = [typeof apiKey === 'string' ? apiKey.trim() : '', bearer ?? ''].filter((one) => one !== '');
  return given.length > 0 && (key === null || given.every((one) => one === key));
}
