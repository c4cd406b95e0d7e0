import { isSidebandError, type SidebandError } from '@sideband/shared/errors';

/** GitLab failed, and neither Redis nor we. */
export function isGitLabsFailure(error: unknown): error is SidebandError {
  return isSidebandError(error) && error.code.startsWith('GITLAB_');
}
