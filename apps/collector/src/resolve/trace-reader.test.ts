import { describe, expect, it } from 'vitest';
import {
  BUILD_PULLED,
  DIGEST,
  ESC,
  executor,
  FORMATS,
  HELPER,
  header,
  MANAGER,
  plain,
  REDIS,
  RUBY,
  read,
  runner,
  SCRIPT,
  script,
  summary,
  timestamped,
  used,
  VICTIM,
} from './printed-trace.suite.ts';

describe.each(FORMATS)('the head of a %s trace', (format, render) => {
  it.each([
    [
      '15.0, no system id yet',
      [
        ...header('15.0.0', false),
        executor,
        runner('Starting service redis:7 ...'),
        runner('Pulling docker image redis:7 ...'),
        used(REDIS, 'redis:7', `redis@${DIGEST}`),
        runner('Waiting for services to be up and running...'),
        runner('Pulling docker image ruby:3.3 ...'),
        used(RUBY, 'ruby:3.3', `ruby@${DIGEST}`),
      ],
      ['service docker.io/library/redis:7 b pulled', BUILD_PULLED],
    ],
    [
      '16.11, a configured helper that is present already',
      [
        ...header('16.11.0'),
        executor,
        runner(
          'Using helper image:  registry.example.com/helper:v1  (overridden, default would be  registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v16.11.0 )',
        ),
        runner('Using locally found image version due to "if-not-present" pull policy'),
        used(HELPER, 'registry.example.com/helper:v1'),
        runner('Authenticating with credentials from /root/.docker/config.json'),
        runner('Pulling docker image ruby:3.3 for platform linux/amd64 ...'),
        used(RUBY, 'ruby:3.3', `ruby@${DIGEST}`),
      ],
      ['helper registry.example.com/helper:v1 c', BUILD_PULLED],
    ],
    [
      '17.5, a service from a registry with a port, whose tag is implied',
      [
        ...header('17.5.0'),
        executor,
        runner('Starting service registry.example.com/db/pg:latest...'),
        runner('Pulling docker image registry.example.com:5000/db/pg:latest ...'),
        used(REDIS, 'registry.example.com:5000/db/pg:latest'),
        runner('Using helper image:  registry.gitlab.com/runner/helper:x86_64-v17.5.0'),
        runner('Pulling docker image registry.gitlab.com/runner/helper:x86_64-v17.5.0 ...'),
        used(HELPER, 'registry.gitlab.com/runner/helper:x86_64-v17.5.0'),
        used(RUBY, 'ruby:3.3'),
      ],
      [
        'service registry.example.com:5000/db/pg:latest b pulled',
        'helper registry.gitlab.com/runner/helper:x86_64-v17.5.0 c pulled',
        'build docker.io/library/ruby:3.3 a',
      ],
    ],
    [
      '18.2, a pull that failed and a local copy instead',
      [
        ...header('18.2.0'),
        runner('Using default image'),
        executor,
        runner('Using effective pull policy of [always if-not-present] for container ruby:3.3'),
        runner('Pulling docker image ruby:3.3 ...'),
        runner('WARNING: Failed to pull image with policy "always": no such host (manager.go:238:0s)'),
        runner('Attempt #2: Trying "if-not-present" pull policy'),
        runner('Using locally found image version due to "if-not-present" pull policy'),
        used(RUBY, 'ruby:3.3', `ruby@${DIGEST}`),
      ],
      ['build docker.io/library/ruby:3.3 a'],
    ],
    [
      '19.3, digests for names and a service that is the same image as the job’s',
      [
        ...header('19.3.0'),
        runner(`Using Docker executor with image docker@${DIGEST} ...`),
        runner(`Starting service docker@${DIGEST}...`),
        runner(`Using effective pull policy of [always] for container docker@${DIGEST}`),
        runner(`Pulling docker image docker@${DIGEST} ...`),
        used(REDIS, `docker@${DIGEST}`, `docker@${DIGEST}`),
        runner('Waiting for services to be up and running (timeout 30 seconds)...'),
        runner(`Using effective pull policy of [always] for container docker@${DIGEST}`),
        runner(`Pulling docker image docker@${DIGEST} ...`),
        used(REDIS, `docker@${DIGEST}`, `docker@${DIGEST}`),
      ],
      [
        `service docker.io/library/docker@${DIGEST} b pulled`,
        `build docker.io/library/docker@${DIGEST} b pulled`,
      ],
    ],
    [
      '19.1, a suspended job that is resumed',
      [
        ...header('19.1.0'),
        runner('Resuming Docker executor...'),
        runner('Using effective pull policy of [always] for container ruby:3.3'),
        runner('Pulling docker image ruby:3.3 ...'),
        used(RUBY, 'ruby:3.3'),
      ],
      [BUILD_PULLED],
    ],
    [
      'a preparation that is tried again',
      [
        ...header('18.0.0'),
        executor,
        runner('Pulling docker image ruby:3.3 ...'),
        runner('ERROR: Preparation failed: adding cache volume: no space left on device'),
        runner('Will be retried in 3s ...'),
        executor,
        runner('Pulling docker image ruby:3.3 ...'),
        used(RUBY, 'ruby:3.3'),
      ],
      // The error may be a registry's, so that the pull after it may be one, too: no proof any more.
      ['build docker.io/library/ruby:3.3 a'],
    ],
  ] as const)('%s', (_, printed, images) => {
    const trace = render([...printed, ...SCRIPT]);
    const head = read(trace);
    expect(summary(head)).toEqual(images);
    expect(head).toMatchObject({ complete: true, format, ignored: [] });
    expect(head.bytesRead).toBeLessThan(trace.length);
    expect(head.systemId).toBe(trace.includes('system ID') ? MANAGER : undefined);
  });

  it('gives the digest reference the runner names, whatever its repository', () => {
    const printed = [...header('19.0.0'), executor, used(RUBY, 'ruby:3.3', `mirror.example/x@${DIGEST}`)];
    const [image] = read(render([...printed, ...SCRIPT])).images;
    expect(image?.digest).toBe(`mirror.example/x@${DIGEST}`);
  });

  it('keeps the id of an image whose name GitLab has masked', () => {
    const name = 'registry.example/[MASKED]/app:1';
    const printed = [
      ...header('18.0.0'),
      runner(`Using Docker executor with image ${name} ...`),
      used(RUBY, name, `registry.example/[MASKED]/app@${DIGEST}`),
      ...SCRIPT,
    ];
    const [image] = read(render(printed)).images;
    expect(image).toMatchObject({ role: 'build', id: RUBY, name: undefined, digest: undefined });
  });

  it('takes the manager from the runner’s second line only', () => {
    const forged = runner('  on x y, system ID: s_ffffffffffff');
    const late = [
      ...header('18.0.0', false),
      executor,
      forged,
      used(RUBY, 'ruby:3.3'),
      forged,
      ...SCRIPT,
      forged,
    ];
    expect(read(render(late)).systemId).toBeUndefined();
    expect(read(render([...header('18.0.0'), forged, ...SCRIPT])).systemId).toBe(MANAGER);
  });

  it('knows the end of the preparation without section markers', () => {
    const unmarked = [...header('18.0.0'), executor, used(RUBY, 'ruby:3.3'), ...SCRIPT].filter(
      (item) => !('marker' in item),
    );
    const head = read(render([...unmarked, script(`Using docker image ${VICTIM} for ruby:3.3 ...`)]));
    expect(summary(head)).toEqual(['build docker.io/library/ruby:3.3 a']);
    expect(head.complete).toBe(true);
  });

  it('is not complete while the preparation goes on', () => {
    const head = read(render([...header('18.0.0'), executor, runner('Pulling docker image ruby:3.3 ...')]));
    expect(head).toMatchObject({ images: [], complete: false, systemId: MANAGER });
  });
});

describe('any trace', () => {
  it.each([
    ['empty', ''],
    ['blank lines', '\n\n\r\n'],
    [
      'another program’s',
      `hello\nUsing Docker executor with image ruby:3.3 ...\nUsing docker image ${RUBY} for ruby:3.3 ...\n`,
    ],
    ['binary', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))],
  ])('that is %s says nothing', (_, trace) => {
    expect(read(trace)).toMatchObject({
      images: [],
      complete: false,
      format: 'unknown',
      systemId: undefined,
    });
  });

  it('keeps its first format: a plain one does not turn into a timestamped one', () => {
    const trace = plain([...header('18.0.0'), executor]) + timestamped([executor, used(VICTIM, 'ruby:3.3')]);
    expect(read(trace)).toMatchObject({ format: 'plain', images: [] });
  });
  it('reads a line whose marker shares it, with doubled resets, as 13 to 19 print them', () => {
    const trace =
      `${ESC}[0KRunning with gitlab-runner 13.1.0 (6214287e)\n${ESC}[0;m${ESC}[0K  on docker-auto-scale 0277ea0f\n` +
      `${ESC}[0;msection_start:1593876960:prepare_executor\r${ESC}[0K${ESC}[0K${ESC}[36;1mPreparing the "docker+machine" executor${ESC}[0;m\n` +
      `${ESC}[0;m${ESC}[0KUsing Docker executor with image ruby:3.3 ...\n${ESC}[0;m${ESC}[0KPulling docker image ruby:3.3 ...\n` +
      `${ESC}[0;m${ESC}[0KUsing docker image ${RUBY} for ruby:3.3 ...\n` +
      `${ESC}[0;msection_end:1593876978:prepare_executor\r${ESC}[0Ksection_start:1593876978:prepare_script\r${ESC}[0K${ESC}[0K${ESC}[36;1mPreparing environment${ESC}[0;m\n`;
    const head = read(trace);
    expect(summary(head)).toEqual([BUILD_PULLED]);
    expect(head).toMatchObject({ complete: true, systemId: undefined });
  });
});
