import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorPage, keysetPage, offsetPage, type Page, type PageRefusal, refusePage } from './pagination.ts';

interface Item {
  readonly id: number;
}

type Paginate = (all: readonly Item[], query: URLSearchParams) => Page<Item> | PageRefusal;

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 60 });
const perPage = fc.integer({ min: 1, max: 20 });

/** Follows `rel="next"` from a first request to the end. */
function follow(all: readonly Item[], first: string, paginate: Paginate): readonly number[] {
  const seen: number[] = [];
  let query: URLSearchParams | undefined = new URLSearchParams(first);
  while (query !== undefined) {
    const page: Page<Item> | PageRefusal = paginate(all, query);
    if ('error' in page) throw new Error(page.error);
    seen.push(...page.items.map(({ id }) => id));
    const next = /<([^>]+)>; rel="next"/.exec(page.headers['Link'] ?? '')?.[1];
    query = next === undefined ? undefined : new URL(next).searchParams;
  }
  return seen;
}

function request(query: URLSearchParams): Parameters<typeof cursorPage>[1] {
  return { url: 'http://gitlab.test/api/v4/things', query, pathParameters: { id: '42' } };
}

describe('following the links', () => {
  it('by offset shows everything once, in order', () => {
    fc.assert(
      fc.property(ids, perPage, fc.boolean(), (some, size, counted) => {
        const all = some.map((id) => ({ id }));
        const seen = follow(all, `per_page=${size}`, (items, query) =>
          offsetPage(items, request(query), counted),
        );
        expect(seen).toEqual(some);
      }),
    );
  });

  it('by cursor shows everything once, newest first', () => {
    fc.assert(
      fc.property(ids, perPage, (some, size) => {
        const newestFirst = some.toSorted((one, other) => other - one);
        const all = newestFirst.map((id) => ({ id }));
        const seen = follow(all, `pagination=keyset&per_page=${size}`, (items, query) =>
          cursorPage(items, request(query)),
        );
        expect(seen).toEqual(newestFirst);
      }),
    );
  });

  it('by keyset shows everything once, as far as the endpoint applies the bound', () => {
    fc.assert(
      fc.property(ids, perPage, (some, size) => {
        const rising = some.toSorted((one, other) => one - other);
        const all = rising.map((id) => ({ id }));
        const seen = follow(all, `order_by=id&sort=asc&per_page=${size}`, (items, query) => {
          const after = Number(query.get('id_after') ?? 0);
          return keysetPage(
            items.filter(({ id }) => id > after),
            request(query),
          );
        });
        expect(seen).toEqual(rising);
      }),
    );
  });
});

describe('a request for a page', () => {
  it.each([
    ['page=0', 'page has a value not allowed'],
    ['per_page=0', 'per_page has a value not allowed'],
    ['per_page=many', 'per_page is invalid'],
    ['page=-1', 'page is invalid'],
  ])('%s is refused', (query, error) => {
    expect(refusePage(new URLSearchParams(query))).toEqual({ status: 400, error });
  });

  it.each(['cursor=nonsense', `cursor=${Buffer.from('{"id":1}').toString('base64url')}`])(
    '%s is refused',
    (query) => {
      const page = cursorPage([{ id: 1 }], request(new URLSearchParams(query)));
      expect(page).toEqual({ status: 400, error: 'cursor is invalid' });
    },
  );
});
