const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The text of a queue message. Messages travel as base64, but host.json has `messageEncoding: none`: the host would move
 * what it cannot decode to a poison queue that it cannot read either, so unreadable messages are judged here.
 */
export function decodeMessage(message: unknown): string {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return text !== '' && base64.test(text) ? Buffer.from(text, 'base64').toString('utf8') : text;
}
