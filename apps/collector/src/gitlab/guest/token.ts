import { SidebandError } from '@sideband/shared/errors';
import type { GitLabSettings } from '../settings.ts';

/**
 * The token as it is now. Throws `GITLAB_REFUSED` if it could not be a header: what an HTTP library says of such a
 * header may show the token.
 */
export async function readToken(settings: GitLabSettings): Promise<string> {
  const text = await ask(settings);
  if (text !== undefined && /^[\x21-\x7e]{1,1024}$/.test(text)) return text;
  throw new SidebandError('GITLAB_REFUSED', {
    reason: 'unusable-token',
    problem: 'the token could not be read, is empty, or holds spaces or control characters',
  });
}

async function ask({ token }: GitLabSettings): Promise<string | undefined> {
  try {
    return await token();
  } catch {
    // Whatever it was, its text may hold the token.
    return undefined;
  }
}
