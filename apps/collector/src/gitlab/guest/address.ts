import { SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';

/**
 * The address of a call at the GitLab with this base address. The path is only ever appended: one that a URL would
 * read otherwise (`..`, `\`, a line break, a query) is refused, so no other address can come of it.
 */
export function addressOf(base: string, path: string, search = ''): URL {
  const text = `${base}/api/v4/${path}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.href !== text || url.search !== '' || url.hash !== '')
    throw new SidebandError('GITLAB_REFUSED', { path: quote(path), reason: 'foreign-address' });
  url.search = search;
  return url;
}
