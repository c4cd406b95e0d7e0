import { isIPv4, isIPv6 } from 'node:net';
import { parseDuration } from '@sideband/shared/duration';
import { parseInstanceName } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { z } from 'zod';

const URL_FORMS = 'https://host or http://host, with a port and a path where GitLab has them';
const REDIS_FORMS = 'redis://host:port or rediss://host:port';
const LISTEN_FORMS = 'address:port, with an IPv6 address in brackets';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Each schema takes the text of one setting; its issues say what is wrong and which forms are accepted. */
export const logLevel = z.enum(LOG_LEVELS, { error: (issue) => wrong(issue.input, LOG_LEVELS.join(', ')) });

/** The address may hold a password, so an issue does not repeat it. */
export const redisUrl = text(REDIS_FORMS).refine((value) => hasScheme(value, ['redis:', 'rediss:']), {
  error: `is no address of Redis, expected ${REDIS_FORMS}`,
});

/** Gives the address without a slash at its end. */
export const gitLabUrl = text(URL_FORMS)
  .refine((value) => hasScheme(value, ['https:', 'http:']), {
    error: (issue) => wrong(issue.input, URL_FORMS),
    abort: true,
  })
  .transform((value, context) => {
    const url = new URL(value);
    if (url.username === '' && url.password === '' && url.search === '' && url.hash === '') {
      return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    }
    context.addIssue(`holds a user name, a query or a fragment, expected ${URL_FORMS}`);
    return z.NEVER;
  });

export const instanceName = z.string().transform((value, context) => {
  const name = parseInstanceName(value);
  if (name.ok) return name.value;
  context.addIssue(name.error.message);
  return z.NEVER;
});

export const listenAddress = text(LISTEN_FORMS).transform((value, context) => {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(value) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  context.addIssue(wrong(value, LISTEN_FORMS));
  return z.NEVER;
});

/** A duration in milliseconds, between two others that are written as an operator would write them. */
export function durationBetween(least: string, most: string) {
  return text(`a duration from ${least} to ${most}`).transform((value, context) => {
    const duration = parseDuration(value);
    if (!duration.ok) {
      context.addIssue(duration.error.message);
      return z.NEVER;
    }
    if (duration.value >= milliseconds(least) && duration.value <= milliseconds(most)) return duration.value;
    context.addIssue(wrong(value, `a duration from ${least} to ${most}`));
    return z.NEVER;
  });
}

const PROXY_FORMS = 'http://host:port or https://host:port, with user:password@ where it wants them';

/** The address may hold a password, so an issue does not repeat it. */
export const proxyUrl = text(PROXY_FORMS).refine((value) => hasScheme(value, ['http:', 'https:']), {
  error: `is no address of a proxy, expected ${PROXY_FORMS}`,
});

export const hookRequirement = z.enum(['either', 'token', 'signature', 'both'], {
  error: (issue) => wrong(issue.input, 'either, token, signature or both'),
});

/** A whole number between two others, both included. */
export function countBetween(least: number, most: number) {
  const forms = `a whole number from ${least} to ${most}`;
  return text(forms).transform((value, context) => {
    const count = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (count >= least && count <= most) return count;
    context.addIssue(wrong(value, forms));
    return z.NEVER;
  });
}

const RANGE_FORMS = 'networks such as 10.0.0.0/8 or fd00::/8, or addresses, separated by commas';

/** Networks in CIDR notation; an address alone is a network of one. */
export const addressRanges = text(RANGE_FORMS).transform((value, context): readonly string[] => {
  const ranges = value.split(',').map((range) => range.trim());
  const bad = ranges.find((range) => !isRange(range));
  if (bad === undefined) return ranges;
  context.addIssue(wrong(bad, RANGE_FORMS));
  return z.NEVER;
});

function isRange(range: string): boolean {
  const [address = '', bits, ...more] = range.split('/');
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  if (most < 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

function milliseconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (!parsed.ok) throw new TypeError(parsed.error.message);
  return parsed.value;
}

function text(forms: string) {
  return z.string({ error: `is not set, expected ${forms}` });
}

function hasScheme(value: string, schemes: readonly string[]): boolean {
  return URL.canParse(value) && new URL(value).hostname !== '' && schemes.includes(new URL(value).protocol);
}

function wrong(value: unknown, forms: string): string {
  return `is ${quote(String(value))}, expected ${forms}`;
}
