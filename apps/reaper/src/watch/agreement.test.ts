import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { Identity, RecordedUse, Role, Source } from '@sideband/shared/evidence/model';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName, JobId, JobKey, ProjectId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Agreement, createAgreement, type Disagreement } from './agreement.ts';
import { MINUTE, NOW } from './watch-lab.suite.ts';

const [RUBY, REDIS, HELPER] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
];

let clock: ManualClock;
let agreement: Agreement;
let counted: Disagreement[];
let said: { kind: string; image: string; job: string }[];

beforeEach(() => {
  clock = new ManualClock(NOW);
  counted = [];
  said = [];
  const log = silentLog();
  log.warn = ((line: (typeof said)[number]) => void said.push(line)) as typeof log.warn;
  agreement = createAgreement({ log, clock, count: (kind) => counted.push(kind) });
});

function aJob(job = 77): JobKey {
  return { instance: 'blue' as InstanceName, project: 42 as ProjectId, job: job as JobId };
}

function saw(action: 'create' | 'destroy' | 'listed', role: Role, image: string, job = aJob()): void {
  const identities = [
    image,
    `docker.io/library/${image.at(-1)}:1`,
  ] as readonly string[] as readonly Identity[];
  agreement.saw({ job, role, image: identities, at: clock.now(), action });
}

/** A job with its service and its helper, from beginning to end. */
function runJob(job = aJob()): void {
  for (const action of ['create', 'destroy'] as const) {
    saw(action, 'service', REDIS, job);
    saw(action, 'helper', HELPER, job);
    saw(action, 'build', RUBY, job);
  }
}

function recorded(role: Role, identity: string, source: Source = 'trace', job = aJob()): RecordedUse {
  return { job, role, identity: identity as Identity, source, at: clock.now() };
}

function compare(uses: readonly RecordedUse[], kind: 'fresh' | 'stale' = 'fresh', asOf = clock.now()): void {
  agreement.compare(uses, { kind, asOf });
}

const AGREED = () => [recorded('service', REDIS), recorded('build', RUBY)];

describe('watch and GitLab', () => {
  it('agree', () => {
    runJob();
    clock.advance(2 * MINUTE);
    compare([...AGREED(), recorded('helper', `sha256:${'d'.repeat(64)}`), recorded('build', RUBY, 'watch')]);
    clock.advance(60 * MINUTE);
    compare([]);
    expect(counted).toEqual([]);
  });

  it('agree about an image that GitLab knows only by its name', () => {
    runJob();
    clock.advance(2 * MINUTE);
    compare([
      recorded('build', 'docker.io/library/a:1', 'configuration'),
      recorded('service', 'docker.io/library/b:1', 'configuration'),
    ]);
    expect(counted).toEqual([]);
  });

  it('agree about an image whose name moved on while the job ran', () => {
    saw('create', 'build', RUBY);
    agreement.saw({
      job: aJob(),
      role: 'build',
      image: [RUBY as Identity],
      at: clock.now(),
      action: 'destroy',
    });
    clock.advance(2 * MINUTE);
    compare([recorded('build', 'docker.io/library/a:1', 'configuration')]);
    expect(counted).toEqual([]);
  });

  it('differ about an image that only GitLab knows, which is said once', () => {
    runJob();
    clock.advance(2 * MINUTE);
    const other = `sha256:${'d'.repeat(64)}`;
    compare([...AGREED(), recorded('service', other)]);
    compare([...AGREED(), recorded('service', other)]);
    expect(counted).toEqual(['gitlab-only']);
    expect(said).toEqual([{ kind: 'gitlab-only', image: other, role: 'service', job: 'blue/42/77' }]);
  });

  it('are not compared again when the last events of a job come again after a gap', () => {
    runJob();
    clock.advance(2 * MINUTE);
    compare([recorded('build', RUBY)]);
    agreement.interrupted();
    runJob();
    clock.advance(60 * MINUTE);
    compare([]);
    expect(counted).toEqual(['watch-only']);
  });

  it('mean the same job although its GitLab has another name here', () => {
    runJob({ ...aJob(), instance: 'gitlab.example.com' as InstanceName });
    clock.advance(2 * MINUTE);
    compare(AGREED());
    clock.advance(60 * MINUTE);
    compare([]);
    expect(counted).toEqual([]);
  });

  it('differ about an image that only watch knows', () => {
    runJob();
    clock.advance(2 * MINUTE);
    compare([recorded('build', RUBY)]);
    expect(said).toMatchObject([{ kind: 'watch-only', image: 'docker.io/library/b:1', job: 'blue/42/77' }]);
  });

  it('differ about a job that GitLab said nothing of for half an hour', () => {
    runJob();
    clock.advance(30 * MINUTE - 1);
    compare([recorded('build', RUBY, 'watch')]);
    expect(counted).toEqual([]);
    clock.advance(1);
    compare([recorded('build', RUBY, 'watch')]);
    compare([]);
    expect(said).toMatchObject([{ kind: 'unheard', image: 'docker.io/library/a:1', job: 'blue/42/77' }]);
  });

  it('are not compared by a job’s configuration where its trace was read', () => {
    runJob();
    clock.advance(2 * MINUTE);
    compare([recorded('build', 'docker.io/library/elsewhere:1', 'configuration'), ...AGREED()]);
    expect(counted).toEqual([]);
  });

  it('are not compared before a job has ended and settled', () => {
    saw('create', 'build', RUBY);
    clock.advance(60 * MINUTE);
    compare([]);
    saw('destroy', 'build', RUBY);
    clock.advance(2 * MINUTE - 1);
    compare([recorded('build', REDIS)]);
    expect(counted).toEqual([]);
  });

  it('are not compared while what is known of GitLab is not fresh, or ends before the job did', () => {
    runJob();
    const ended = clock.now();
    clock.advance(60 * MINUTE);
    compare([], 'stale');
    compare([], 'fresh', (ended - 1) as Millis);
    agreement.compare([], { kind: 'fresh', asOf: undefined });
    expect(counted).toEqual([]);
    compare([]);
    expect(counted).toEqual(['unheard']);
  });

  it('are not compared for a job that watch did not see from its beginning, or not without a gap', () => {
    saw('listed', 'build', RUBY, aJob(1));
    saw('destroy', 'build', RUBY, aJob(1));
    saw('create', 'build', RUBY, aJob(2));
    agreement.interrupted();
    saw('destroy', 'build', RUBY, aJob(2));
    runJob(aJob(3));
    agreement.interrupted();
    clock.advance(60 * MINUTE);
    compare([]);
    expect(said.map(({ job }) => job)).toEqual(['blue/42/3']);
  });

  it('are compared for the newest 2,000 jobs', () => {
    for (let job = 1; job <= 2_010; job += 1) runJob(aJob(job));
    clock.advance(60 * MINUTE);
    compare([]);
    expect(counted).toHaveLength(2_000);
    expect(said[0]?.job).toBe('blue/42/11');
  });
});
