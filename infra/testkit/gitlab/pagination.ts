const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 100;

export interface PageRequest {
  /** Of this endpoint, without a query. */
  readonly url: string;
  readonly query: URLSearchParams;
  /** GitLab repeats the parameters of the path in its links. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What is wrong with the request, with the status GitLab answers and its body's `error`. */
export interface PageRefusal {
  readonly status: number;
  readonly error: string;
}

interface Identified {
  readonly id: number;
}

/** Grape's checks of `page` and `per_page`; undefined when they are in order. */
export function refusePage(query: URLSearchParams): PageRefusal | undefined {
  for (const name of ['page', 'per_page']) {
    const value = query.get(name);
    if (value === null) continue;
    if (!/^\d+$/.test(value)) return { status: 400, error: `${name} is invalid` };
    if (Number(value) === 0) return { status: 400, error: `${name} has a value not allowed` };
  }
  return undefined;
}

/** Offset pagination. `counted` false leaves out the totals, as GitLab does where counting would be dear. */
export function offsetPage<T>(all: readonly T[], request: PageRequest, counted: boolean): Page<T> {
  const page = Number(request.query.get('page') ?? 1);
  const perPage = perPageOf(request.query);
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const next = page * perPage < all.length ? page + 1 : undefined;
  const previous = page > 1 ? page - 1 : undefined;
  const links = [
    previous === undefined ? [] : [link(request, { page: previous, per_page: perPage }, 'prev')],
    next === undefined ? [] : [link(request, { page: next, per_page: perPage }, 'next')],
    [link(request, { page: 1, per_page: perPage }, 'first')],
    counted ? [link(request, { page: pages, per_page: perPage }, 'last')] : [],
  ].flat();
  return {
    items: all.slice((page - 1) * perPage, page * perPage),
    headers: {
      'X-Per-Page': String(perPage),
      'X-Page': String(page),
      'X-Next-Page': String(next ?? ''),
      'X-Prev-Page': String(previous ?? ''),
      Link: links.join(', '),
      ...(counted ? { 'X-Total': String(all.length), 'X-Total-Pages': String(pages) } : {}),
    },
  };
}

/** Keyset pagination by cursor over jobs, newest first: the only order GitLab has for them. */
export function cursorPage<T extends Identified>(
  newestFirst: readonly T[],
  request: PageRequest,
): Page<T> | PageRefusal {
  const { query } = request;
  const order = `${query.get('order_by') ?? 'id'} ${query.get('sort') ?? 'desc'}`;
  if (order !== 'id desc') return notAvailable;
  const below = idOfCursor(query.get('cursor'));
  if (below === undefined) return { status: 400, error: 'cursor is invalid' };
  const page = takePage(
    newestFirst.filter((item) => item.id < below),
    query,
  );
  if (page.last === undefined) return { items: page.items, headers: {} };
  const cursor = Buffer.from(JSON.stringify({ id: String(page.last), _kd: 'n' })).toString('base64url');
  return {
    items: page.items,
    headers: { 'X-Next-Cursor': cursor, 'X-Prev-Cursor': '', Link: link(request, { cursor }, 'next') },
  };
}

/** The pages of a list of jobs: by offset, or by cursor where that is asked for. */
export function jobPage<T extends Identified>(
  newestFirst: readonly T[],
  request: PageRequest,
  counted: boolean,
): Page<T> | PageRefusal {
  return request.query.get('pagination') === 'keyset'
    ? cursorPage(newestFirst, request)
    : offsetPage(newestFirst, request, counted);
}

/** Keyset pagination of projects, by `id_after` or `id_before`, which the caller has applied. */
export function keysetPage<T extends Identified>(
  inOrder: readonly T[],
  request: PageRequest,
): Page<T> | PageRefusal {
  const { query } = request;
  if ((query.get('order_by') ?? 'id') !== 'id') return notAvailable;
  const page = takePage(inOrder, query);
  if (page.last === undefined) return { items: page.items, headers: {} };
  const bound = query.get('sort') === 'asc' ? 'id_after' : 'id_before';
  return { items: page.items, headers: { Link: link(request, { [bound]: page.last }, 'next') } };
}

const notAvailable: PageRefusal = {
  status: 405,
  error: 'Keyset pagination is not yet available for this type of request',
};

/** `last` is set only if there is more after it. */
function takePage<T extends Identified>(
  rest: readonly T[],
  query: URLSearchParams,
): { items: readonly T[]; last: number | undefined } {
  const perPage = perPageOf(query);
  const items = rest.slice(0, perPage);
  return { items, last: rest.length > perPage ? items.at(-1)?.id : undefined };
}

function perPageOf(query: URLSearchParams): number {
  return Math.min(MAX_PER_PAGE, Number(query.get('per_page') ?? DEFAULT_PER_PAGE));
}

function idOfCursor(cursor: string | null): number | undefined {
  if (cursor === null || cursor === '') return Number.POSITIVE_INFINITY;
  try {
    const { id } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { id?: unknown };
    return typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : undefined;
  } catch {
    return undefined;
  }
}

function link(request: PageRequest, changes: Readonly<Record<string, string | number>>, rel: string): string {
  const query = new URLSearchParams(request.query);
  for (const [name, value] of Object.entries({ ...request.pathParameters, ...changes })) {
    query.set(name, String(value));
  }
  query.sort();
  return `<${request.url}?${query}>; rel="${rel}"`;
}
