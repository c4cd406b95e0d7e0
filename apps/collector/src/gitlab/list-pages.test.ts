import type { RequesterType } from '@gitbeaker/requester-utils';
import { describe, expect, test } from 'vitest';
import { KEYSET, listPages } from './list-pages.ts';

interface Answer {
  readonly body: unknown;
  readonly link?: string;
}
interface Asked {
  readonly path: string;
  readonly searchParams: Record<string, unknown>;
}

const ELSEWHERE = 'https://attacker.example/api/v4/projects/7/jobs';

/** Answers one after the other, and notes what was asked. */
async function walk(
  answers: readonly Answer[],
  pageLimit?: number,
): Promise<{ asked: Asked[]; pages: (readonly unknown[])[] }> {
  const asked: Asked[] = [];
  const get = async (path: string, options: { searchParams: Record<string, unknown> }): Promise<unknown> => {
    const answer = answers[asked.length];
    if (answer === undefined) throw new Error('asked for a page too many');
    asked.push({ path, searchParams: options.searchParams });
    return {
      body: answer.body,
      status: 200,
      headers: answer.link === undefined ? {} : { link: answer.link },
    };
  };
  const requester = { get } as unknown as RequesterType;
  const pages: (readonly unknown[])[] = [];
  const query = { ...KEYSET, sort: 'desc' };
  for await (const page of listPages(requester, 'projects/7/jobs', query, pageLimit)) pages.push(page);
  return { asked, pages };
}

function next(query: string, base = ELSEWHERE): string {
  return `<${base}?first=1>; rel="first", <${base}?${query}>; rel="next"`;
}

test('takes only the position from a link, whatever its address and the rest of its query', async () => {
  const { asked, pages } = await walk([
    { body: [1], link: next('cursor=abc%3D&scope%5B%5D=failed&per_page=1&private_token=x&sort=asc') },
    { body: [2] },
  ]);
  expect(pages).toEqual([[1], [2]]);
  const first = { sort: 'desc', orderBy: 'id', perPage: 100, pagination: 'keyset' };
  expect(asked).toEqual([
    { path: 'projects/7/jobs', searchParams: first },
    { path: 'projects/7/jobs', searchParams: { ...first, cursor: 'abc=' } },
  ]);
});

test.each([
  ['id_after', 'id_after=90&per_page=100', { id_after: '90' }],
  ['id_before', 'id_before=90', { id_before: '90' }],
  ['page', 'page=2', { page: '2' }],
])('goes on by %s where GitLab has that', async (_, query, position) => {
  const { asked } = await walk([{ body: [1], link: next(query) }, { body: [2] }]);
  expect(asked[1]?.searchParams).toMatchObject(position);
});

test('ends with an empty page even if that links on', async () => {
  const { pages } = await walk([
    { body: [1], link: next('cursor=a') },
    { body: [], link: next('cursor=b') },
  ]);
  expect(pages).toEqual([[1]]);
});

test('reads as many pages as it may, and one more is an error', async () => {
  const list = [{ body: [1], link: next('page=2') }, { body: [2] }, { body: [3] }];
  expect((await walk(list, 2)).pages).toEqual([[1], [2]]);
  const longer = [{ body: [1], link: next('page=2') }, { body: [2], link: next('page=3') }, { body: [3] }];
  await expect(walk(longer, 2)).rejects.toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    details: { reason: 'pagination', problem: 'more than 2 pages' },
  });
});

describe('is an error, not the end of the list:', () => {
  test.each([
    ['a body that is no list', [{ body: { message: 'hello' } }], 'malformed'],
    ['a next page without a position', [{ body: [1], link: next('per_page=100') }], 'pagination'],
    ['an endless header', [{ body: [1], link: next(`cursor=${'x'.repeat(5_000)}`) }], 'pagination'],
    [
      'pages that lead back',
      [
        { body: [1], link: next('cursor=a') },
        { body: [2], link: next('cursor=b') },
        { body: [3], link: next('cursor=a') },
      ],
      'pagination',
    ],
  ])('%s', async (_, answers, reason) => {
    await expect(walk(answers)).rejects.toMatchObject({
      code: 'GITLAB_UNAVAILABLE',
      details: { path: 'projects/7/jobs', reason },
    });
  });
});
