import type { GitLabJob } from '../../gitlab/port.ts';

type Known = Pick<GitLabJob, 'project' | 'id' | 'name' | 'commit' | 'ref'>;

/**
 * GitLab's predefined variables, as far as the job tells their values beyond doubt. Not among them: whether the ref is
 * a branch or a tag, the project's path, and what GitLab calls itself and its registry, which need not be the
 * address under which it is reached.
 */
export function predefinedVariables({ project, id, name, commit, ref }: Known): ReadonlyMap<string, string> {
  const known = new Map([
    ['CI', 'true'],
    ['GITLAB_CI', 'true'],
    ['CI_PROJECT_ID', String(project)],
    ['CI_JOB_ID', String(id)],
    ['CI_JOB_NAME', name],
  ]);
  if (commit !== undefined) {
    known.set('CI_COMMIT_SHA', commit).set('CI_COMMIT_SHORT_SHA', commit.slice(0, 8));
  }
  // In a merge request's pipeline the variable has the name of the source branch, and the job does not.
  if (ref === undefined || ref.startsWith('refs/')) return known;
  known.set('CI_COMMIT_REF_NAME', ref);
  const slug = slugOf(ref);
  if (slug !== undefined) known.set('CI_COMMIT_REF_SLUG', slug);
  return known;
}

/** As `Gitlab::Utils.slugify`: 63 characters of a-z, 0-9 and hyphen. Ruby and we differ on letters beyond ASCII. */
function slugOf(ref: string): string | undefined {
  if (/[^ -~]/.test(ref)) return undefined;
  return ref
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}
