import { isAtLeast, parseGitLabVersion } from '../gitlab/gitlab-version.ts';

/** Whether this GitLab (`19.3.0-ee`) keeps signing tokens of hooks: since 19.0. */
export function storesSigningTokens(version: string): boolean {
  return isSince(version, 19, 0);
}

/** A version that cannot be read is an old one. */
export function isSince(version: string, major: number, minor: number): boolean {
  const numbers = parseGitLabVersion(version);
  return numbers !== undefined && isAtLeast(numbers, major, minor);
}
