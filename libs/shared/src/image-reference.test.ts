import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatImageReference,
  type ImageReference,
  parseImageId,
  parseImageReference,
  referenceIdentity,
  repositoryOf,
} from './image-reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;

function parsed(text: string): ImageReference {
  const result = parseImageReference(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function reasonFor(text: string): string {
  const result = parseImageReference(text);
  return result.ok ? `accepted as ${formatImageReference(result.value)}` : result.error.reason;
}

describe('parseImageReference', () => {
  it.each([
    ['ruby', 'docker.io/library/ruby:latest'],
    ['ruby:3.3', 'docker.io/library/ruby:3.3'],
    ['library/ruby', 'docker.io/library/ruby:latest'],
    ['docker.io/ruby', 'docker.io/library/ruby:latest'],
    ['docker.io/library/ruby:latest', 'docker.io/library/ruby:latest'],
    ['index.docker.io/ruby', 'docker.io/library/ruby:latest'],
    ['index.docker.io/gitlab/gitlab-runner:v18.1', 'docker.io/gitlab/gitlab-runner:v18.1'],
    ['gitlab/gitlab-runner', 'docker.io/gitlab/gitlab-runner:latest'],
    ['registry.gitlab.com/group/sub/image', 'registry.gitlab.com/group/sub/image:latest'],
    ['gitlab.example.com:443/group/dependency_proxy/containers/alpine:3', undefined],
    ['registry/image:1', 'docker.io/registry/image:1'],
    ['registry:5000/image:1', 'registry:5000/image:1'],
    ['localhost/image', 'localhost/image:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    ['localhost:5000/image:a', 'localhost:5000/image:a'],
    ['192.168.1.1/repo', '192.168.1.1/repo:latest'],
    ['192.168.1.1:5000', 'docker.io/library/192.168.1.1:5000'],
    ['[2001:db8::1]:5000/repo:tag', '[2001:db8::1]:5000/repo:tag'],
    ['[::1]/repo', '[::1]/repo:latest'],
    ['xn--7o8h.com/my--image', 'xn--7o8h.com/my--image:latest'],
    ['my_host.example/image', 'my_host.example/image:latest'],
    ['Group/image', 'Group/image:latest'],
    ['DOCKER.io/ruby', 'DOCKER.io/ruby:latest'],
    ['a__b/c.d_e-f---g:_.-', 'docker.io/a__b/c.d_e-f---g:_.-'],
    [`ruby@${SHA256}`, `docker.io/library/ruby@${SHA256}`],
    [`ruby:3.3@${SHA256}`, `docker.io/library/ruby:3.3@${SHA256}`],
    [`quay.io/x/y@${SHA512}`, `quay.io/x/y@${SHA512}`],
    [HEX.slice(1), `docker.io/library/${HEX.slice(1)}:latest`],
    [`docker.io/library/${HEX}`, `docker.io/library/${HEX}:latest`],
    [`ruby:${'a'.repeat(128)}`, `docker.io/library/ruby:${'a'.repeat(128)}`],
    [`r.io/${'a'.repeat(255)}`, `r.io/${'a'.repeat(255)}:latest`],
  ])('completes %s', (text, canonical) => {
    expect(formatImageReference(parsed(text))).toBe(canonical ?? text);
  });

  it.each([
    ['', 'empty'],
    ['r'.repeat(513), 'too-long'],
    [`r.io/${'a'.repeat(256)}`, 'too-long'],
    // `library/` counts: distribution measures the path after completing it.
    ['a'.repeat(248), 'too-long'],
    // 506 characters that become 513 with `:latest`, more than an identity may have.
    [`${'a.'.repeat(140)}io/${'b'.repeat(223)}`, 'too-long'],
    ['ruby\n', 'control-character'],
    ['ruby\u001b[0m', 'control-character'],
    ['ru\u202eby', 'control-character'],
    ['ru\u200bby', 'control-character'],
    ['registry.io/[MASKED]/ruby', 'masked'],
    ['$IMAGE', 'unresolved-variable'],
    [`\${CI_REGISTRY}/ruby:3`, 'unresolved-variable'],
    ['ruby:$[[ inputs.version ]]', 'unresolved-variable'],
    [HEX, 'image-id'],
    [SHA256, 'image-id'],
    ['sha256:0123ab', 'image-id'],
    ['Ruby', 'uppercase-path'],
    ['gitlab.com/Group/image', 'uppercase-path'],
    ['foo/Bar:tag', 'uppercase-path'],
    ['host:/image', 'bad-domain'],
    ['host:port/image', 'bad-domain'],
    ['-host.io/image', 'bad-domain'],
    ['ho..st/image', 'bad-domain'],
    ['https://r.io/image', 'bad-domain'],
    ['[fe80::1%eth0]:5000/image', 'bad-domain'],
    ['[::1/image', 'bad-domain'],
    ['[2001:db8::1]', 'bad-path'],
    ['/ruby', 'bad-path'],
    ['ruby/', 'bad-path'],
    ['a//b', 'bad-path'],
    ['ruby ', 'bad-path'],
    [' ruby', 'bad-path'],
    ['-ruby', 'bad-path'],
    ['ruby-', 'bad-path'],
    ['a___b', 'bad-path'],
    ['a..b', 'bad-path'],
    ['a._b', 'bad-path'],
    ['rübe', 'bad-path'],
    [':tag', 'bad-path'],
    [`@${SHA256}`, 'bad-path'],
    ['ruby:', 'bad-tag'],
    ['ruby:-x', 'bad-tag'],
    ['ruby:a:b', 'bad-tag'],
    ['ruby:ta g', 'bad-tag'],
    [`ruby:${'a'.repeat(129)}`, 'bad-tag'],
    ['ruby@', 'bad-digest'],
    ['ruby@sha256:abc', 'bad-digest'],
    [`ruby@SHA256:${HEX}`, 'bad-digest'],
    [`ruby@${SHA256.toUpperCase().replace('SHA', 'sha')}`, 'bad-digest'],
    [`ruby@md5:${HEX.slice(32)}`, 'bad-digest'],
    [`ruby@${SHA256}@${SHA256}`, 'bad-digest'],
    ['user@host/image', 'bad-digest'],
  ])('refuses %j as %s', (text, reason) => {
    expect(reasonFor(text)).toBe(reason);
  });

  it('says what was wrong and shows control characters escaped', () => {
    const result = parseImageReference('registry.io:x/app\u0007');
    expect(result).toEqual({
      ok: false,
      error: {
        reason: 'control-character',
        message: '"registry.io:x/app\\u0007" is no image name: it holds a control character',
      },
    });
    expect(parseImageReference('r.io/App:1')).toMatchObject({
      error: { message: '"r.io/App:1" is no image name: the path "App" must be in lower case' },
    });
  });

  it('takes linear time, on whatever was made to take long', () => {
    const hostile = ['a', 'a-', '-', 'a.', '_', 'a/', '0', ':', '[:', '@', 'A'].flatMap((unit) => [
      `${unit.repeat(255)}!`,
      `r.io/${unit.repeat(250)}!`,
      `${unit.repeat(10_000)}!`,
    ]);
    const start = performance.now();
    for (const text of hostile) expect(parseImageReference(text).ok).toBe(false);
    // About 1 ms in all; anything that doubles with each character would never end.
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('a parsed reference', () => {
  it('has its parts', () => {
    expect(parsed(`ruby:3.3@${SHA256}`)).toEqual({
      domain: 'docker.io',
      path: 'library/ruby',
      tag: '3.3',
      digest: SHA256,
    });
    expect(parsed(`ruby@${SHA256}`)).toEqual({ domain: 'docker.io', path: 'library/ruby', digest: SHA256 });
  });

  it('names a repository', () => {
    expect(repositoryOf(parsed(`ruby:3.3@${SHA256}`))).toBe('docker.io/library/ruby');
  });

  it('is identified by its digest where it has one, else by its tag', () => {
    expect(referenceIdentity(parsed('ruby'))).toBe('docker.io/library/ruby:latest');
    expect(referenceIdentity(parsed(`ruby@${SHA256}`))).toBe(`docker.io/library/ruby@${SHA256}`);
    expect(referenceIdentity(parsed(`ruby:3.3@${SHA256}`))).toBe(`docker.io/library/ruby@${SHA256}`);
  });
});

describe('parseImageId', () => {
  it('accepts the full id only', () => {
    expect(parseImageId(SHA256)).toEqual({ ok: true, value: SHA256 });
  });

  it.each(['', HEX, SHA512, `${SHA256}\n`, `sha256:${HEX.toUpperCase()}`, 'sha256:0123', 'ruby'])(
    'refuses %j',
    (text) => {
      expect(parseImageId(text)).toMatchObject({ ok: false, error: { reason: 'bad-image-id' } });
    },
  );
});

const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const component = fc
  .array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), alphanumeric), { maxLength: 3 })
  .chain((rest) => alphanumeric.map((first) => first + rest.flat().join('')));
const reference = fc
  .record({
    domain: fc.constantFrom('', 'docker.io/', 'index.docker.io/', 'r.io:5000/', 'localhost/', '[::1]/', 'X/'),
    path: fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)),
    digest: fc.option(fc.constantFrom(SHA256, SHA512)),
  })
  .map(({ domain, path, tag, digest }) => {
    return parsed(`${domain}${path}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`);
  });

describe('properties', () => {
  it('what was formatted is parsed to the same reference', () => {
    fc.assert(
      fc.property(reference, (value) => {
        expect(parsed(formatImageReference(value))).toEqual(value);
      }),
    );
  });

  it('an identity is a name for the same image', () => {
    fc.assert(
      fc.property(reference, (value) => {
        const identity = referenceIdentity(value);
        expect(referenceIdentity(parsed(identity))).toBe(identity);
      }),
    );
  });

  it('any text is answered with a reference that fits an identity, or with a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const result = parseImageReference(text);
        if (!result.ok) expect(result.error.message).not.toMatch(/\p{Cc}/u);
        else expect(referenceIdentity(result.value)).toMatch(/^[!-~]{1,512}$/);
      }),
    );
  });
});
