import { stripVTControlCharacters } from 'node:util';
import { ManualClock } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import { acquireImage, type PullPolicy } from './acquire-image.ts';
import { type LocalImage, PullFailed } from './engine.ts';
import { JobFailed } from './job-failed.ts';
import type { JobContext, PullFailure, RunnerEvent } from './job-run.ts';
import { openTrace } from './trace.ts';

const IMAGE: LocalImage = { id: `sha256:${'1'.repeat(64)}`, digest: undefined };
const NO_SPACE = 'write /layer: no space left on device';

let local: LocalImage | undefined;
/** What the next pulls fail with. */
let failures: string[];
let said: string;
let events: RunnerEvent[];
let told: PullFailure[];

beforeEach(() => {
  local = undefined;
  failures = [];
  said = '';
  events = [];
  told = [];
});

function contextOf(policies: readonly PullPolicy[]): JobContext {
  const unused = (): never => {
    throw new Error('Not needed to acquire an image');
  };
  return {
    request: {
      id: 1 as JobId,
      name: '',
      url: '',
      ref: '',
      sha: '',
      project: 1 as ProjectId,
      pipeline: 1,
    },
    engine: {
      find: async () => local,
      pull: async () => {
        const failure = failures.shift();
        if (failure !== undefined) throw new PullFailed(failure);
        local = IMAGE;
      },
      create: unused,
      start: unused,
      remove: unused,
    },
    trace: openTrace('plain', new ManualClock(0)),
    policies,
    used: new Map(),
    say: (text) => {
      said += stripVTControlCharacters(text);
    },
    report: (event) => events.push(event),
    onPullFailed: async (failure) => void told.push(failure),
  };
}

const POLICY = (policies: string): string =>
  `Using effective pull policy of [${policies}] for container ruby`;
const USING = `Using docker image ${IMAGE.id} for ruby ...`;
const PULLING = 'Pulling docker image ruby ...';

describe('acquiring an image', () => {
  it('takes the one that is there, if it need not be the newest', async () => {
    local = IMAGE;
    expect(await acquireImage('ruby', contextOf(['if-not-present']))).toBe(IMAGE);
    expect(said.split('\n')).toEqual([
      POLICY('if-not-present'),
      'Using locally found image version due to "if-not-present" pull policy',
      USING,
      '',
    ]);
    expect(events).toEqual([{ kind: 'found', image: 'ruby', id: IMAGE.id }]);
  });

  it('pulls always, but only once a job', async () => {
    local = IMAGE;
    const context = contextOf(['always']);
    await acquireImage('ruby', context);
    await acquireImage('ruby', context);
    expect(said.split('\n')).toEqual([POLICY('always'), PULLING, USING, POLICY('always'), USING, '']);
    expect(events.map(({ kind }) => kind)).toEqual(['pulled']);
  });

  it('pulls again what has gone meanwhile, and says so', async () => {
    const context = contextOf(['if-not-present']);
    await acquireImage('ruby', context);
    local = undefined;
    await acquireImage('ruby', context);
    expect(events.map(({ kind }) => kind)).toEqual(['pulled', 'repulled']);
  });

  it('tries one policy after the other, and tells the caller of each pull that failed', async () => {
    failures = [NO_SPACE, 'denied'];
    await acquireImage('ruby', contextOf(['always', 'if-not-present', 'if-not-present']));
    expect(said.split('\n')).toEqual([
      POLICY('always if-not-present if-not-present'),
      PULLING,
      `WARNING: Failed to pull image with policy "always": ${NO_SPACE}`,
      'Attempt #2: Trying "if-not-present" pull policy',
      PULLING,
      'WARNING: Failed to pull image with policy "if-not-present": denied',
      'Attempt #3: Trying "if-not-present" pull policy',
      PULLING,
      USING,
      '',
    ]);
    expect(told).toEqual([
      { image: 'ruby', noSpace: true, attempt: 1, reason: NO_SPACE },
      { image: 'ruby', noSpace: false, attempt: 2, reason: 'denied' },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual(['pull-failed', 'pull-failed', 'pulled']);
  });

  it('gives up after the last policy', async () => {
    failures = ['denied', 'denied'];
    const failed = acquireImage('ruby', contextOf(['always', 'always']));
    await expect(failed).rejects.toThrow(
      'Job failed: failed to pull image "ruby" with specified policies [always always]: denied',
    );
    await expect(failed).rejects.toBeInstanceOf(JobFailed);
  });

  it('never pulls where that is the policy', async () => {
    await expect(acquireImage('ruby', contextOf(['never']))).rejects.toThrow('No such image: ruby');
    local = IMAGE;
    said = '';
    await acquireImage('ruby', contextOf(['never']));
    expect(said.split('\n')).toEqual([POLICY('never'), USING, '']);
  });
});
