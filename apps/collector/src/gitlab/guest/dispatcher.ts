import { X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { SidebandError } from '@sideband/shared/errors';
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { GitLabSettings } from '../settings.ts';

/** How long a connection that nobody uses is kept. GitLab's nginx closes it after 65 s. */
const KEEP_ALIVE_MS = 30_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The connections to one GitLab: with its own authorities beside the usual ones, through its proxy, kept alive.
 * Throws `CONFIG_INVALID` if the authorities or the proxy cannot be used.
 */
export function createDispatcher(settings: GitLabSettings, connectTimeoutMs: number): Dispatcher {
  const tls = settings.ca === undefined ? {} : { secureContext: trust(settings.ca) };
  const connect = { ...tls, timeout: connectTimeoutMs };
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Time-outs are the exchange's and the reader's: these would also count a reader's own pauses.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (settings.proxy === undefined) return new Agent({ ...options, connect });
  return new ProxyAgent({
    ...{ ...options, ...proxy(settings.proxy()), requestTls: connect, proxyTls: connect },
    // Without this a proxy might take five minutes to answer to CONNECT.
    clientFactory: (origin, given) => new Pool(origin, { ...given, headersTimeout: connectTimeoutMs }),
  });
}

/** Made once: to read all the usual authorities takes 30 ms, and tls.connect would for every connection. */
function trust(pem: string): SecureContext {
  const extra = pem.match(CERTIFICATE) ?? [];
  if (extra.length === 0) throw unusable('ca', 'one or more certificates in PEM');
  try {
    for (const certificate of extra) new X509Certificate(certificate);
  } catch {
    throw unusable('ca', 'certificates in PEM, each of them readable');
  }
  return createSecureContext({ ca: [...rootCertificates, ...extra] });
}

/** undici says an address it does not like in its error, so it is shown none that it could not like. */
function proxy(text: string): { uri: string; token?: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw unusable('proxy', 'http://host:port');
  const { origin, username, password } = url;
  if (username === '') return { uri: origin };
  const credentials = `${decode(username)}:${decode(password)}`;
  return { uri: origin, token: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable('proxy', 'a user and password with % only as in %40');
  }
}

function unusable(setting: string, expected: string): SidebandError {
  return new SidebandError('CONFIG_INVALID', { setting, expected });
}
