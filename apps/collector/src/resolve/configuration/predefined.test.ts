import type { JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { predefinedVariables } from './predefined.ts';

function variablesOf(ref: string | undefined, commit: string | undefined = 'a'.repeat(40)): object {
  const job = { project: 7 as ProjectId, id: 11 as JobId, name: 'test 1/2', commit, ref };
  return Object.fromEntries(predefinedVariables(job));
}

const SAID = { CI: 'true', GITLAB_CI: 'true', CI_PROJECT_ID: '7', CI_JOB_ID: '11', CI_JOB_NAME: 'test 1/2' };
const COMMIT = { CI_COMMIT_SHA: 'a'.repeat(40), CI_COMMIT_SHORT_SHA: 'aaaaaaaa' };

describe('GitLab’s own variables', () => {
  it('are those that the job tells', () => {
    const ref = { CI_COMMIT_REF_NAME: 'main', CI_COMMIT_REF_SLUG: 'main' };
    expect(variablesOf('main')).toEqual({ ...SAID, ...COMMIT, ...ref });
  });

  it('tell no name of a ref where the job tells none, or that of a merge request', () => {
    expect(variablesOf(undefined)).toEqual({ ...SAID, ...COMMIT });
    expect(variablesOf('refs/merge-requests/7/head')).toEqual({ ...SAID, ...COMMIT });
  });

  it.each([
    ['Feature/ABC_1.2', 'feature-abc-1-2'],
    ['--a--', 'a'],
    [`${'a'.repeat(62)}--b`, 'a'.repeat(62)],
    ['ünicode', undefined],
  ])('have the slug of %s as %s', (ref, slug) => {
    expect(variablesOf(ref)).toMatchObject({ CI_COMMIT_REF_NAME: ref });
    expect(Reflect.get(variablesOf(ref), 'CI_COMMIT_REF_SLUG')).toBe(slug);
  });
});
