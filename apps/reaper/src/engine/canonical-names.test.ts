import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalNames } from './canonical-names.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test('familiar names become canonical, tags and digests apart, each once and in order', () => {
  expect(
    canonicalNames(['ruby:3.3', 'ghcr.io/a/b:1', 'docker.io/library/ruby:3.3'], [`ruby@${DIGEST}`]),
  ).toEqual({
    tags: ['docker.io/library/ruby:3.3', 'ghcr.io/a/b:1'],
    digests: [`docker.io/library/ruby@${DIGEST}`],
    unreadable: [],
  });
});

test.each([
  [null, null],
  [undefined, undefined],
  [[], []],
  [['<none>:<none>'], ['<none>@<none>']],
])('%j and %j are no names', (tags, digests) => {
  expect(canonicalNames(tags, digests)).toEqual({ tags: [], digests: [], unreadable: [] });
});

test('a digest of a repository whose tag is gone is kept, and `<none>` beside it is not', () => {
  expect(canonicalNames(['<none>:<none>'], [`ruby@${DIGEST}`]).digests).toHaveLength(1);
});

test('a name that cannot be read stays a name, and is reported', () => {
  expect(canonicalNames(['localhost/Upper:1'], null)).toEqual({
    tags: ['localhost/Upper:1'],
    digests: [],
    unreadable: ['localhost/Upper:1'],
  });
});

test.each(['../../containers/prune', 'a/../b:1', 'name?force=1', 'two words', 'bell\u0007', '', 'a/./b'])(
  'what could do harm in a path, %j, is kept in hex',
  (name) => {
    expect(canonicalNames([name], null).tags).toEqual([`unreadable-${Buffer.from(name).toString('hex')}`]);
  },
);

test('whatever an engine lists, an image with a name has one, fit for a path and at most 512 characters long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (name) => {
      fc.pre(name !== '<none>:<none>' && name !== '<none>@<none>');
      const { tags, digests } = canonicalNames([name], null);
      const [kept] = [...tags, ...digests];
      expect(kept).toMatch(/^[\w[][\w./:@[\]-]{0,511}$/);
    }),
  );
});
