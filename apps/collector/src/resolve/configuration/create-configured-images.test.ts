import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { formatImageReference } from '@sideband/shared/image-reference';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryGitLab, type MemoryGitLab, type MemoryJob } from '../../gitlab/memory-gitlab.ts';
import type { LookUpConfiguredImages } from '../configured-images.ts';
import { createConfiguredImages } from './create-configured-images.ts';
import { createMemoryConfigurationCache } from './memory-cache.ts';

const project = 7 as ProjectId;
const commit = 'c0ffee'.padEnd(40, '0');
const MINUTE = 60_000;

let clock: ManualClock;
let gitlab: MemoryGitLab;
let lookUp: LookUpConfiguredImages;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 10, 22));
  gitlab = createMemoryGitLab({ instance: 'gitlab.example' as InstanceName });
  lookUp = createConfiguredImages({ cache: createMemoryConfigurationCache(clock) });
});

/** The images, or the sentences of what is missing where there is none. */
async function imagesOf(name: string, changes: Partial<MemoryJob> = {}): Promise<readonly string[]> {
  gitlab.put({ project, id: 1 as JobId, status: 'success', name, commit, ...changes });
  const { images, missing } = await lookUp(gitlab, await gitlab.job(project, 1 as JobId));
  return images.length > 0 ? images.map((image) => formatImageReference(image.name)) : missing;
}

const NO_CONFIGURATION = ['the configuration of its commit'];

describe('the images of a job by its configuration', () => {
  it('are found by the job’s name and its commit, and expanded with what the job tells', async () => {
    gitlab.setConfiguration(project, commit, { yaml: 'a: {image: "app:$CI_COMMIT_SHORT_SHA"}' });
    expect(await imagesOf('a')).toEqual(['docker.io/library/app:c0ffee00']);
    expect(await imagesOf('b')).toEqual(['the job in the configuration of its commit']);
  });

  it('are asked of GitLab once a commit, also by many at a time and in vain', async () => {
    gitlab.setConfiguration(project, commit, { yaml: 'a: {image: a}' });
    await Promise.all(Array.from({ length: 20 }, () => imagesOf('a')));
    expect(gitlab.calls('configuration')).toBe(1);
    clock.advance(23 * 60 * MINUTE);
    expect(await imagesOf('a')).toEqual(['docker.io/library/a:latest']);
    expect(gitlab.calls('configuration')).toBe(1);
    expect(await imagesOf('a', { commit: 'b'.repeat(40) })).toEqual(NO_CONFIGURATION);
    expect(await imagesOf('a', { commit: 'b'.repeat(40) })).toEqual(NO_CONFIGURATION);
    expect(gitlab.calls('configuration')).toBe(2);
  });

  it.each([
    ['GitLab knows none', () => undefined],
    ['GitLab refuses it', () => gitlab.fail('configuration', new SidebandError('GITLAB_REFUSED'))],
    ['it is invalid', () => gitlab.setConfiguration(project, commit, { yaml: undefined })],
    ['it cannot be read', () => gitlab.setConfiguration(project, commit, { yaml: 'a: [' })],
    [
      'GitLab tells that of the default branch only',
      () => gitlab.setConfiguration(project, commit, { yaml: 'a: {image: b}', ofDefaultBranch: true }),
      ['image: this GitLab tells the configuration of the default branch only'],
    ],
  ])(
    'are unknown where %s, and asked again ten minutes later',
    async (_, arrange, missing = NO_CONFIGURATION) => {
      arrange();
      expect(await imagesOf('a')).toEqual(missing);
      gitlab.fail('configuration', undefined);
      gitlab.setConfiguration(project, commit, { yaml: 'a: {image: a}' });
      clock.advance(9 * MINUTE);
      expect(await imagesOf('a')).toEqual(missing);
      clock.advance(MINUTE);
      expect(await imagesOf('a')).toEqual(['docker.io/library/a:latest']);
    },
  );

  it('are an error while GitLab is away, for all who ask, and known once it is back', async () => {
    gitlab.setConfiguration(project, commit, { yaml: 'a: {image: a}' });
    for (const code of ['GITLAB_UNAVAILABLE', 'GITLAB_RATE_LIMITED'] as const) {
      gitlab.fail('configuration', new SidebandError(code));
      const asked = await Promise.allSettled([imagesOf('a'), imagesOf('a')]);
      for (const answer of asked) expect(answer).toMatchObject({ status: 'rejected', reason: { code } });
    }
    gitlab.fail('configuration', undefined);
    expect(await imagesOf('a')).toEqual(['docker.io/library/a:latest']);
  });

  it.each([undefined, 'main', '../../x', 'A'.repeat(40), 'a'.repeat(41)])(
    'are not asked for where the commit is %s',
    async (odd) => {
      expect(await imagesOf('a', { commit: odd })).toEqual(NO_CONFIGURATION);
      expect(gitlab.calls('configuration')).toBe(0);
    },
  );

  it.each(['push', 'schedule', 'merge_request_event', undefined])(
    'are those of the commit in a pipeline that comes from %s',
    async (pipelineSource) => {
      gitlab.setConfiguration(project, commit, { yaml: 'a: {image: a}' });
      expect(await imagesOf('a', { pipelineSource })).toEqual(['docker.io/library/a:latest']);
    },
  );

  it.each([
    ['parent_pipeline', 'the configuration of a child pipeline is its own'],
    ...['ondemand_dast_scan', 'security_orchestration_policy', 'a new word\n'].map((source) => [
      source,
      `the configuration of a pipeline that comes from ${JSON.stringify(source)} is its own`,
    ]),
  ])('are nobody’s guess in a pipeline that comes from %j', async (pipelineSource, missing) => {
    gitlab.setConfiguration(project, commit, { yaml: 'a: {image: a}' });
    expect(await imagesOf('a', { pipelineSource })).toEqual([missing]);
    expect(gitlab.calls('configuration')).toBe(0);
  });
});
