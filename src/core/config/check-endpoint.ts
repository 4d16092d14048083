const loopback = /^(localhost|\[::1\]|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/** Says what is wrong with an upstream's URL, or null: https:, or http: on a loopback address (127.0.0.0/8, localhost, ::1). */
export function checkEndpoint(text: string): string | null {
  const url = URL.parse(text);
  if (url === null)
    return 'received something that is no URL, only one such as "https://name.openai.azure.com" is allowed';
  // Userinfo is refused before the value is repeated: it may be a password.
  if (url.username !== '' || url.password !== '') return 'received a URL with credentials, only one without is allowed';
  if (url.search !== '' || url.hash !== '')
    return 'received a URL with a query or fragment, only one without is allowed';
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && loopback.test(url.hostname)) return null;
  return `received "${text.slice(0, 120)}", only https: is allowed except for loopback addresses`;
}
