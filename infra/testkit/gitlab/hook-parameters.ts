import type { FastifyRequest } from 'fastify';
import { queryOf } from './context.ts';
import type { Features } from './features.ts';
import { eventNames } from './hook-events.ts';
import type { HookChanges, HookOwner } from './hook-record.ts';

/** What a request to change a hook says, in its body or its query. What GitLab does not know it ignores. */
export function hookParameters(
  request: FastifyRequest,
  kind: HookOwner['kind'],
  features: Features,
): HookChanges {
  const body = typeof request.body === 'object' ? request.body : {};
  const given: Readonly<Record<string, unknown>> = { ...Object.fromEntries(queryOf(request)), ...body };
  const events = eventNames(kind, features)
    .filter((name) => given[name] !== undefined && given[name] !== null)
    .map((name) => [name, isTrue(given[name])] as const);
  const verifies = given['enable_ssl_verification'];
  return {
    ...text('url', given['url']),
    ...text('token', given['token']),
    ...(features.has('signingTokens') ? text('signingToken', given['signing_token']) : {}),
    ...(features.has('hookNames') ? text('name', given['name']) : {}),
    ...(features.has('hookNames') ? text('description', given['description']) : {}),
    ...(features.has('customTemplates') ? text('template', given['custom_webhook_template']) : {}),
    ...(verifies === undefined ? {} : { enableSslVerification: isTrue(verifies) }),
    ...(events.length === 0 ? {} : { events: Object.fromEntries(events) }),
  };
}

/** What GitLab says is wrong with them; undefined if nothing is. */
export function refuseParameters(changes: HookChanges): string | undefined {
  if (changes.url !== undefined && !isWebAddress(changes.url)) return 'Invalid url given';
  const { signingToken } = changes;
  if (signingToken === undefined || signingToken === '') return undefined;
  const key = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(signingToken)?.[1];
  return key !== undefined && Buffer.from(key, 'base64').length === 32
    ? undefined
    : 'Signing token must be whsec_ and the Base64 of 32 bytes';
}

function text<K extends string>(name: K, value: unknown): { readonly [P in K]?: string } {
  return value === undefined || value === null
    ? {}
    : ({ [name]: String(value) } as { readonly [P in K]: string });
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
