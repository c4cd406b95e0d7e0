import type { Identity } from './evidence/model.ts';
import { quote } from './quote.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';

/**
 * The name of an image in canonical form, as every engine agrees on it: `ruby` is `docker.io`,
 * `library/ruby`, `latest`. Made by `parseImageReference` only; it has a tag, a digest, or both.
 */
export type ImageReference = {
  /** Host with optional port, as written: its letters' case is kept, as engines keep it. */
  readonly domain: string;
  readonly path: string;
} & ({ readonly tag: string; readonly digest?: string } | { readonly tag?: string; readonly digest: string });

/** An identity's limit (evidence/model.ts); what is longer is no name that anybody gave to an image. */
const MAX_LENGTH = 512;
const MAX_PATH_LENGTH = 255;

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const DEFAULT_TAG = 'latest';

// The grammar of github.com/distribution/reference (regexp.go), each part so written that no character can be
// read in two ways: matching takes linear time, even where it fails.
const HOST_NAME = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*';
const DOMAIN = new RegExp(`^(?:${HOST_NAME}|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const COMPONENT = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const FIRST_COMPONENT = new RegExp(`^${COMPONENT}$`);
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
// The algorithms of opencontainers/go-digest, in the only spelling it accepts.
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

const IMAGE_ID = /^sha256:[a-f0-9]{64}$/;
// `sha256:…` would pass the grammar as a repository called sha256, but engines refuse that name and read an id.
const LOOKS_LIKE_IMAGE_ID = /^(?:sha256:[^/]*|[a-f0-9]{64})$/;
// Line ends and marks that change the direction of writing are no control characters to Unicode, but to a reader.
const CONTROL_CHARACTER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Reads a name as `docker pull` would and completes it. Refuses, with a reason: `empty`, `too-long`,
 * `control-character`, `masked`, `unresolved-variable`, `image-id`, `bad-domain`, `uppercase-path`,
 * `bad-path`, `bad-tag`, `bad-digest`.
 */
export function parseImageReference(text: string): Result<ImageReference, Refusal> {
  const unfit = whyNoName(text);
  if (unfit !== undefined) return refuse(unfit);

  const at = text.indexOf('@');
  const name = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const { domain, rest } = splitDomain(name);
  const colon = rest.indexOf(':');
  const remote = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  const path = domain === DEFAULT_DOMAIN && !remote.includes('/') ? `library/${remote}` : remote;

  const wrong = whyMalformed(text, { domain, remote, path, tag, digest });
  if (wrong !== undefined) return refuse(wrong);

  const reference = assemble(domain, path, tag, digest);
  // Completing a name makes it longer, and what is recorded is the completed one.
  return formatImageReference(reference).length > MAX_LENGTH ? refuse(tooLong(text)) : ok(reference);
}

/** The whole canonical name, tag and digest included where there are both. */
export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}

/** `docker.io/library/ruby`: the name without tag and digest. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** What the reference says of an image's identity. A digest decides alone: the engine then ignores the tag. */
export function referenceIdentity(reference: ImageReference): Identity {
  const repository = repositoryOf(reference);
  const identity =
    reference.digest === undefined ? `${repository}:${reference.tag}` : `${repository}@${reference.digest}`;
  return identity as Identity;
}

/** An image's id in full, `sha256:` and 64 hex digits; refuses anything else with `bad-image-id`. */
export function parseImageId(text: string): Result<Identity, Refusal> {
  if (IMAGE_ID.test(text)) return ok(text as Identity);
  return refuse({
    reason: 'bad-image-id',
    message: `${quote(text)} is no image id: expected sha256: and 64 lower-case hex digits`,
  });
}

interface Parts {
  readonly domain: string;
  /** The path as written, before `library/` is put in front of it. */
  readonly remote: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** The first part is a domain if it could not be a path, or says that it is one; else the name is Docker Hub's. */
function splitDomain(name: string): { readonly domain: string; readonly rest: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const rest = name.slice(slash + 1);
  if (first === LEGACY_DEFAULT_DOMAIN) return { domain: DEFAULT_DOMAIN, rest };
  if (first === 'localhost' || /[.:A-Z]/.test(first)) return { domain: first, rest };
  return { domain: DEFAULT_DOMAIN, rest: name };
}

function assemble(
  domain: string,
  path: string,
  tag: string | undefined,
  digest: string | undefined,
): ImageReference {
  if (digest === undefined) return { domain, path, tag: tag ?? DEFAULT_TAG };
  return tag === undefined ? { domain, path, digest } : { domain, path, tag, digest };
}

function whyNoName(text: string): Refusal | undefined {
  if (text === '') return { reason: 'empty', message: 'An image name was expected, but there is none' };
  if (text.length > MAX_LENGTH) return tooLong(text);
  if (CONTROL_CHARACTER.test(text)) {
    return because('control-character', text, 'it holds a control character');
  }
  if (text.includes('[MASKED]')) {
    return because('masked', text, 'GitLab has masked a part of it');
  }
  if (text.includes('$')) {
    return because('unresolved-variable', text, 'it holds a variable that was not replaced by its value');
  }
  if (LOOKS_LIKE_IMAGE_ID.test(text)) {
    return because('image-id', text, 'it is an image id and names no repository');
  }
  return undefined;
}

function whyMalformed(text: string, parts: Parts): Refusal | undefined {
  const { domain, remote, path, tag, digest } = parts;
  // Engines also take `my_host.example/x`, whose first part is a path component and no host: the name is the same.
  if (!DOMAIN.test(domain) && !FIRST_COMPONENT.test(domain)) {
    return because('bad-domain', text, `${quote(domain)} is no host with an optional port`);
  }
  if (/[A-Z]/.test(remote)) {
    return because('uppercase-path', text, `the path ${quote(remote)} must be in lower case`);
  }
  if (!PATH.test(path)) return because('bad-path', text, `${quote(remote)} is no path`);
  if (path.length > MAX_PATH_LENGTH) return tooLong(text);
  if (tag !== undefined && !TAG.test(tag)) return because('bad-tag', text, `${quote(tag)} is no tag`);
  if (digest !== undefined && !DIGEST.test(digest)) {
    return because('bad-digest', text, `${quote(digest)} is no sha256, sha384 or sha512 digest`);
  }
  return undefined;
}

function tooLong(text: string): Refusal {
  const limits = `a name has at most ${MAX_LENGTH} characters, its path at most ${MAX_PATH_LENGTH}`;
  return because('too-long', text, limits);
}

function because(reason: string, text: string, why: string): Refusal {
  return { reason, message: `${quote(text)} is no image name: ${why}` };
}
