import { parseFamiliarName } from '@swimlane/docker-reference';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatImageReference, parseImageReference } from './image-reference.ts';

/*
 * Against an independent port of distribution/reference, of about version 2.7. Where the two differ on purpose,
 * the difference is named here. Its regular expression takes exponential time on a name that does not match, so
 * names here are short.
 */
const HEX = '0123456789abcdef'.repeat(4);
const REFUSED = 'refused';

/** Differences in how a host is written; the rest of the name is still compared, behind a host the oracle knows. */
const hosts = [
  { why: 'bracketed IPv6 hosts came with distribution 2.8', written: /^(\[[a-fA-F0-9:]+\])(?=[:/])/ },
  {
    why: 'since distribution 2.8 a first part with an upper-case letter is a host',
    written: /^([a-zA-Z0-9-]*[A-Z][a-zA-Z0-9-]*)(?=\/)/,
  },
];

/** go-digest, and so every engine, accepts lower-case hex digits only; the oracle takes both. */
const UPPERCASE_DIGEST = /@sha\d+:.*[A-F]/;

function oracle(text: string): string {
  if (UPPERCASE_DIGEST.test(text)) return REFUSED;
  const host = hosts.map(({ written }) => written.exec(text)?.[1]).find((found) => found !== undefined);
  const known = host === undefined || !isHost(host) ? text : `Host.x${text.slice(host.length)}`;
  const answer = ask(known);
  return known === text ? answer : answer.replace(/^Host\.x/, host ?? '');
}

function isHost(text: string): boolean {
  return text.startsWith('[') || ask(`Host.${text}/x`) !== REFUSED;
}

function ask(text: string): string {
  try {
    const answer = parseFamiliarName(text);
    // It leaves the domain empty, and its own text too, where the first part is a path component, not a host.
    const repository = [answer.domain, answer.repository].filter(Boolean).join('/');
    const tag = answer.tag ?? (answer.digest === undefined ? 'latest' : undefined);
    return `${repository}${tag === undefined ? '' : `:${tag}`}${answer.digest ? `@${answer.digest}` : ''}`;
  } catch {
    return REFUSED;
  }
}

function ours(text: string): string {
  const result = parseImageReference(text);
  return result.ok ? formatImageReference(result.value) : REFUSED;
}

const domain = fc.constantFrom(
  ...['', '', '', 'docker.io/', 'index.docker.io/', 'localhost/', 'localhost:5/', 'r.io/', 'R.io:50/'],
  ...['1.2.3.4/', '[::1]/', '[2001:DB8::1]:5/', 'Up/', 'a_b.c/', 'a--b.c/', 'r:/', 'r.:1/', '/'],
);
const component = fc.stringMatching(/^[a-z0-9]{1,2}(?:(?:\.|_|__|--?)[a-z0-9])?$/);
const path = fc.array(component, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('/'));
const tag = fc.oneof(fc.constant(''), fc.constant(':'), fc.stringMatching(/^:[\w][\w.-]{0,5}$/));
const name = fc.oneof(
  fc.tuple(domain, path, tag).map((parts) => parts.join('')),
  fc.constantFrom('[::1]', '', 'r.io', 'r.io:5'),
);
const separator = fc.constantFrom('@', '@', '@', '@@', ':', '/@');
const digest = fc
  .tuple(
    fc.constantFrom('sha256:', 'sha384:', 'sha512:', 'SHA256:', 'md5:', 'sha256'),
    fc.constantFrom(HEX, HEX, HEX.toUpperCase(), HEX.slice(1), HEX + HEX.slice(32), HEX + HEX, ''),
  )
  .map((parts) => parts.join(''));

/** The digest stays behind an undamaged separator: 64 hex digits in a path would keep the oracle busy for years. */
function named(withName: fc.Arbitrary<string>, withDigest: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: withName },
    fc.tuple(withName, separator, withDigest).map((parts) => parts.join('')),
  );
}

const odd = fc.constantFrom(...'aZ0.-_:/@[]{}$%!? \t\n\0\u00e9\u2028', '__', '..', '//', ':5/');

/** The text with up to three places replaced, doubled or left out. */
function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(2), put: odd });
  return fc.tuple(text, fc.array(change, { maxLength: 3 })).map(([original, changes]) =>
    changes.reduce((current, { at, cut, put }) => {
      const place = Math.floor(at * (current.length + 1));
      return current.slice(0, place) + (cut === 2 ? '' : put) + current.slice(place + Math.min(cut, 1));
    }, original),
  );
}

function expectAgreement(text: string): void {
  expect({ text, canonical: ours(text) }).toEqual({ text, canonical: oracle(text) });
}

describe('the oracle and we', () => {
  it('agree on names, almost right and right', () => {
    fc.assert(fc.property(named(name, digest), expectAgreement), { numRuns: 2_000 });
  });

  it('agree on names that were damaged', () => {
    fc.assert(fc.property(named(mutated(name), mutated(digest)), expectAgreement), { numRuns: 2_000 });
  });

  it.each([
    ['a bracketed IPv6 host', '[::1]:5000/x', '[::1]:5000/x:latest'],
    ['a host known by its upper-case letter', 'Group/x', 'Group/x:latest'],
    ['upper-case hex digits', `x@sha256:${HEX.toUpperCase()}`, REFUSED],
    // Engines refuse to give this name to an image, since they read it as an id.
    ['a repository called sha256', 'sha256:cafe', REFUSED],
    ['a long host before a path within the limit', `${'a.'.repeat(60)}io/${'b'.repeat(200)}`, undefined],
  ])('differ on purpose on %s', (_, text, canonical) => {
    const expected = canonical ?? `${text}:latest`;
    expect(ours(text)).toBe(expected);
    expect(ask(text)).not.toBe(expected);
  });
});
