/**
 * Headers of every answer. A browser must take JSON for nothing else, show it in no frame, load nothing for it, and keep to
 * HTTPS for a year (it heeds that over HTTPS only). No CORS header: pages of other origins read nothing here.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};
