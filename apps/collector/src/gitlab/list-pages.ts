import type { FormattedResponse, RequesterType } from '@gitbeaker/requester-utils';
import { shapeError } from './answer-error.ts';

const PAGE_LENGTH = 100;
const LINK_LIMIT = 4_096;
/** What of GitLab's `next` link says where the page begins. Everything else we say ourselves. */
const POSITIONS = ['cursor', 'id_after', 'id_before', 'page'] as const;

/** For the lists that have it: jobs, a runner's jobs, projects. Where GitLab is too old for it, it pages by number. */
export const KEYSET = { orderBy: 'id', pagination: 'keyset' } as const;

/**
 * The pages of a list, each fetched when the one before was consumed. Of the `Link` header only the position is
 * taken: the address is always our own, so a wrong or forged link cannot lead the token elsewhere.
 * More than `pageLimit` pages are an error: for lists that nobody stops reading, whatever a server goes on linking to.
 */
export async function* listPages(
  requester: RequesterType,
  path: string,
  query: Readonly<Record<string, unknown>>,
  pageLimit = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly unknown[], void> {
  const seen = new Set<string>();
  let position: Record<string, string> | undefined = {};
  while (position !== undefined) {
    const searchParams = { ...query, perPage: PAGE_LENGTH, ...position };
    const answer: FormattedResponse = await requester.get(path, { searchParams });
    if (!Array.isArray(answer.body)) throw shapeError(path, 'malformed', 'expected a list');
    if (answer.body.length === 0) return;
    yield answer.body;
    position = nextPosition(answer.headers['link'], path);
    if (position === undefined) return;
    const key = JSON.stringify(position);
    if (seen.has(key)) throw shapeError(path, 'pagination', 'the pages lead back to an earlier one');
    seen.add(key);
    if (seen.size >= pageLimit) throw shapeError(path, 'pagination', `more than ${pageLimit} pages`);
  }
}

/** `undefined` on the last page. A `next` that says no position is an error: the rest would be lost in silence. */
function nextPosition(link: string | undefined, path: string): Record<string, string> | undefined {
  if (link === undefined || link === '') return undefined;
  if (link.length > LINK_LIMIT)
    throw shapeError(path, 'pagination', `Link header of ${link.length} characters`);
  const next = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];
  if (next === undefined) return undefined;
  const given = new URLSearchParams(next.slice(next.indexOf('?') + 1));
  const position: Record<string, string> = {};
  for (const name of POSITIONS) {
    const value = given.get(name);
    if (value !== null) position[name] = value;
  }
  if (Object.keys(position).length > 0) return position;
  throw shapeError(
    path,
    'pagination',
    'the link to the next page names no cursor, id_after, id_before or page',
  );
}
