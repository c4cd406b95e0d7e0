import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether this request can have been sent by our own page, judged as Go's `http.CrossOriginProtection` does.
 * Browsers send `Sec-Fetch-Site` over https and to localhost, `Origin` with every POST; what sends neither is no
 * browser, and cross-site request forgery needs one. The cookie's `SameSite=Strict` is the other half.
 * Needs a `Referrer-Policy` other than `no-referrer`, which makes browsers send `Origin: null`.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
