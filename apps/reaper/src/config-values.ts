import { isAbsolute } from 'node:path';
import { parseDuration } from '@sideband/shared/duration';
import { parseMachineInstance } from '@sideband/shared/hosts/entries';
import { parseHostName, parseSystemId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import * as z from 'zod/mini';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const REDIS_FORMS = 'redis://host:port or rediss://host:port';
const ENGINE_FORMS = 'the path of its socket, such as unix:///var/run/docker.sock';
const LISTEN_FORMS = 'address:port, with an IPv6 address in brackets';
const RUNNER_LIST_FORMS =
  "http://address:port as in listen_address of the runner's config.toml, without a path";

/** Each schema takes the text of one setting; its issues say what is wrong and which forms are accepted. */
export const logLevel = z.enum(LOG_LEVELS, {
  error: (issue) => wrong(String(issue.input), LOG_LEVELS.join(', ')),
});

/** The address may hold a password, so an issue does not repeat it. */
export const redisUrl = z
  .string(`is not set, expected ${REDIS_FORMS}`)
  .check(z.refine(isRedisUrl, `is no address of Redis, expected ${REDIS_FORMS}`));

/** Standing alone and with a collector are told apart by the operator, never by what happens to be set. */
export const noRedis = z.optional(
  z.never('is set, and a reaper that runs with --standalone uses no Redis: leave out one of the two'),
);

/**
 * A socket, and nothing a network could reach: who may use an engine's socket is root on its host. There is no default,
 * since an engine that nobody named is never touched.
 */
export const engineSocket = z.pipe(
  z.string(`is not set: no engine is used that was not named; expected ${ENGINE_FORMS}`),
  z.transform((value, context) => {
    const path = value.startsWith('unix://') ? value.slice('unix://'.length) : '';
    if (isAbsolute(path)) return `unix://${path}` as const;
    const message = elsewhere(value) ?? wrong(value, ENGINE_FORMS);
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  }),
);

export const hostName = parsed(parseHostName);

export const systemIds = listOf(parseSystemId);

export const machineInstance = parsed(parseMachineInstance);

export const absolutePath = parsed(parsePath);

export const absolutePaths = listOf(parsePath);

export const listenAddress = parsed(parseListenAddress);

/** Where the runner lists its running jobs; gives the address without a slash at its end. */
export const runnerList = parsed(parseRunnerList);

/** A duration in milliseconds, between two others that are written as an operator would write them. */
export function durationBetween(least: string, most: string) {
  return parsed((value): Result<number, Refusal> => {
    const duration = parseDuration(value);
    if (!duration.ok) return duration;
    if (duration.value >= milliseconds(least) && duration.value <= milliseconds(most)) return duration;
    return refuse({ reason: 'out-of-range', message: wrong(value, `a duration from ${least} to ${most}`) });
  });
}

function parsed<T>(parse: (value: string) => Result<T, Refusal>) {
  return z.pipe(
    z.string(),
    z.transform((value, context) => {
      const result = parse(value);
      if (result.ok) return result.value;
      context.issues.push({ code: 'custom', message: result.error.message, input: value });
      return z.NEVER;
    }),
  );
}

/** One or several, with a comma between them. */
function listOf<T>(parse: (value: string) => Result<T, Refusal>) {
  return z.pipe(
    z.pipe(
      z.string(),
      z.transform((value) => value.split(',').map((part) => part.trim())),
    ),
    z.array(parsed(parse)),
  );
}

function parsePath(value: string): Result<string, Refusal> {
  if (isAbsolute(value)) return ok(value);
  return refuse({ reason: 'relative-path', message: wrong(value, 'an absolute path') });
}

function parseListenAddress(
  value: string,
): Result<{ readonly host: string; readonly port: number }, Refusal> {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(value) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return ok({ host, port: Number(port) });
  return refuse({ reason: 'no-address', message: wrong(value, LISTEN_FORMS) });
}

/** What stands before an `@` may be a secret, so such an address is not repeated. */
function parseRunnerList(value: string): Result<string, Refusal> {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.protocol !== 'http:' || url.hostname === '') {
    const shown = value.includes('@') ? 'is no such address' : `is ${quote(value)}`;
    return refuse({ reason: 'no-address', message: `${shown}, expected ${RUNNER_LIST_FORMS}` });
  }
  if (url.href === `${url.origin}/`) return ok(url.origin);
  return refuse({
    reason: 'no-address',
    message: `holds more than an address and a port, expected ${RUNNER_LIST_FORMS}`,
  });
}

/** The forms that an engine's other clients accept: what is wrong with them is not how they are written. */
function elsewhere(value: string): string | undefined {
  const [, scheme] = /^(tcp|ssh|npipe|https?):\/\//i.exec(value) ?? [];
  if (scheme === undefined) return undefined;
  return `names an engine over ${scheme.toLowerCase()}: the reaper measures the disk itself, so it must run on the engine's own machine, beside its socket; expected ${ENGINE_FORMS}`;
}

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { hostname, protocol } = new URL(value);
  return hostname !== '' && (protocol === 'redis:' || protocol === 'rediss:');
}

function milliseconds(duration: string): number {
  const result = parseDuration(duration);
  if (!result.ok) throw new TypeError(result.error.message);
  return result.value;
}

function wrong(value: string, forms: string): string {
  return `is ${quote(value)}, expected ${forms}`;
}
