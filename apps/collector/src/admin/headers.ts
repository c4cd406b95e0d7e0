import type { FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';

const PAGE_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
};

export const securityHeaders: FastifyHelmetOptions = {
  // Without the defaults, of which `upgrade-insecure-requests` would break an installation on plain http.
  contentSecurityPolicy: { useDefaults: false, directives: PAGE_POLICY },
  xFrameOptions: { action: 'deny' },
  // Not helmet's `no-referrer`: browsers then send `Origin: null` with our own forms, see same-origin.ts.
  referrerPolicy: { policy: 'same-origin' },
  // Sent by the gate where it means something: over https.
  strictTransportSecurity: false,
};

/** The least that bull-board's pages work with: they set a base address, and styles in their markup. */
export const boardSecurityHeaders: FastifyHelmetOptions = {
  ...securityHeaders,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { ...PAGE_POLICY, 'style-src': ["'self'", "'unsafe-inline'"], 'base-uri': ["'self'"] },
  },
};

/**
 * Whether the browser's connection is encrypted, as far as we are told. Any client can send this header, so it
 * may only make its own cookie and its own headers stricter: nobody is let in because of it.
 */
export function cameByHttps(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
}
