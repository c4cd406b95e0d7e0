import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUILD_PULLED,
  ESC,
  executor,
  FORMATS,
  header,
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

describe.each(FORMATS)('a %s trace that somebody tampered with', (_, render) => {
  it.each([
    ['by the script', [script(`Using docker image ${VICTIM} for ruby:3.3 ...`)]],
    ['behind a carriage return', [script(`x\rUsing docker image ${VICTIM} for ruby:3.3 ...`)]],
    [
      'in a section of the script’s own making',
      [
        script(
          `section_start:1700000020:prepare_executor\r${ESC}[0KUsing Docker executor with image x:1 ...`,
        ),
        script(`Using docker image ${VICTIM} for x:1 ...`),
        script(`section_end:1700000021:prepare_executor\r${ESC}[0K`),
      ],
    ],
    [
      'as a line of the runner’s',
      [script(`2026-11-21T10:00:00.000000Z 00O Using docker image ${VICTIM} for ruby:3.3 ...`)],
    ],
    ['after the job has failed', [runner('ERROR: Job failed: exit code 1'), used(VICTIM, 'ruby:3.3')]],
  ] as const)('does not believe a line that was forged %s', (_, forged) => {
    const honest = [...header('18.0.0'), executor, used(RUBY, 'ruby:3.3')];
    const head = read(render([...honest, ...SCRIPT, ...forged]));
    expect(summary(head)).toEqual(['build docker.io/library/ruby:3.3 a']);
  });

  it('does not believe what a service prints while the job is prepared', () => {
    const printed = [
      ...header('18.0.0'),
      executor,
      runner('Starting service redis:7...'),
      used(REDIS, 'redis:7'),
      { by: 'service-log', text: '' } as const,
      {
        by: 'service-log',
        text: `${ESC}[0;33m*** WARNING:${ESC}[0;m Service x probably didn't start properly.`,
      } as const,
      {
        by: 'service-log',
        text: `2026-11-21T10:00:00.000000001Z 00O Using docker image ${VICTIM} for ruby:3.3 ...`,
      } as const,
      {
        by: 'service-log',
        text: `[service:redis-db] Using docker image ${VICTIM} for ruby:3.3 ...`,
      } as const,
      used(RUBY, 'ruby:3.3'),
    ];
    expect(summary(read(render([...printed, ...SCRIPT])))).toEqual([
      'service docker.io/library/redis:7 b',
      'build docker.io/library/ruby:3.3 a',
    ]);
  });

  it.each([
    ['not-announced', used(VICTIM, 'victim:1')],
    ['not-announced', used(VICTIM, 'redis:8')],
    ['bad-image-id', used('sha256:beef', 'ruby:3.3')],
    ['bad-name', used(VICTIM, 'Ruby:3.3')],
    ['bad-name', used(VICTIM, `${'r'.repeat(10_000)}:1`)],
    ['bad-name', used(VICTIM, 'rübe:1')],
    ['control-character', used(VICTIM, `ruby${ESC}[0;m:3.3`)],
    ['control-character', used(VICTIM, 'ruby:3.3\u0000')],
    ['long-line', used(VICTIM, 'r'.repeat(20_000))],
  ])('ignores, as %s, a name nobody can mean', (reason, line) => {
    const printed = [
      ...header('18.0.0'),
      executor,
      runner('Starting service redis:7...'),
      runner('Pulling docker image Ruby:3.3 ...'),
      line,
      ...SCRIPT,
    ];
    const head = read(render(printed));
    expect(head).toMatchObject({ images: [], ignored: [{ reason, count: 1 }], complete: true });
  });
});

describe.each(FORMATS)('a %s trace that says too much', (_, render) => {
  it('names 256 images at most', () => {
    const flood = Array.from({ length: 300 }, (_, index) => [
      runner(`Pulling docker image x:${index} ...`),
      used(VICTIM, `x:${index}`),
    ]).flat();
    const head = read(render([...header('18.0.0'), executor, ...flood, ...SCRIPT]));
    expect(head.images).toHaveLength(255);
    expect(head.ignored).toEqual([
      { reason: 'too-many-names', count: 45 },
      { reason: 'not-announced', count: 45 },
    ]);
  });

  it('keeps the lines of 32 uses, and every image that a name stood for', () => {
    const again = Array.from({ length: 100 }, (_, index) => used(index % 2 === 0 ? RUBY : REDIS, 'ruby:3.3'));
    const head = read(render([...header('18.0.0'), executor, ...again, ...SCRIPT]));
    expect(summary(head)).toEqual([
      'build docker.io/library/ruby:3.3 a',
      'build docker.io/library/ruby:3.3 b',
    ]);
    expect(head.images.map(({ lines }) => lines.length)).toEqual([32, 32]);
  });
});

describe('a trace', () => {
  it('counts lines that lost their timestamp, and does not believe them', () => {
    const trace = `${timestamped([...header('18.0.0'), executor])}Using docker image ${VICTIM} for ruby:3.3 ...\n`;
    expect(read(trace)).toMatchObject({ images: [], ignored: [{ reason: 'no-timestamp', count: 1 }] });
  });

  it.each(['01O', '01E', '0fO', '10E', '00E'])('believes nothing that stream %s says, ever', (stream) => {
    const start = timestamped([...header('18.0.0'), executor, runner('Pulling docker image ruby:3.3 ...')]);
    const forged = [
      `Using docker image ${VICTIM} for ruby:3.3 ...`,
      'Running on x via y...',
      `section_end:1:prepare_executor\r${ESC}[0K`,
    ].map((text) => `2026-11-21T10:00:01.000000Z ${stream} ${text}\n`);
    expect(read(start + forged.join(''))).toMatchObject({ images: [], complete: false, ignored: [] });
    const honest = read(start + forged.join('') + timestamped([used(RUBY, 'ruby:3.3'), ...SCRIPT]));
    expect(summary(honest)).toEqual([BUILD_PULLED]);
  });

  it('takes no image from a driver that is not the Docker executor', () => {
    const driver = [
      ...header('18.0.0'),
      runner('Using Custom executor with driver podman 1.0...'),
      runner('Pulling docker image ruby:3.3 ...'),
      used(RUBY, 'ruby:3.3'),
      ...SCRIPT,
    ];
    expect(read(plain(driver))).toMatchObject({ images: [], complete: true });
  });

  it('does not read the second half of a broken line as a line', () => {
    const time = '2026-11-21T10:00:00.000000Z 00O';
    const start = timestamped([...header('18.0.0'), executor]);
    const broken = `${time} Using effective pull policy of [always] for container xxx\n${time}+Using docker image ${VICTIM} for ruby:3.3 ...\n`;
    expect(read(start + broken).images).toEqual([]);
    expect(
      read(
        `${time}+Using Docker executor with image ruby:3.3 ...\n${time} Using docker image ${VICTIM} for ruby:3.3 ...\n`,
      ).images,
    ).toEqual([]);
  });

  it('never throws and never names an image that the runner did not announce', () => {
    const pieces = fc.constantFrom(
      ...[
        'Running with gitlab-runner 18.0.0 (x)\n',
        '2026-11-21T10:00:00.000000Z 00O ',
        '2026-11-21T10:00:00.000000Z 01O ',
      ],
      ...['2026-11-21T10:00:00.000000Z 00O+', `${ESC}[0K`, `${ESC}[0;m`, '\n', '\r', ' ...\n', '$ make\n'],
      ...[
        'section_start:1:prepare_executor\r',
        'section_end:1:prepare_executor\r',
        'Preparing environment\n',
      ],
      ...[
        'Using Docker executor with image ',
        'Using docker image ',
        'Pulling docker image ',
        'Starting service ',
      ],
      ...['Using helper image:  ', 'ruby:3.3', 'x:1', `${RUBY} for `, ' with digest '],
      ...[`Using docker image ${RUBY} for ruby:3.3 ...\n`, `Using docker image ${VICTIM} for victim:1 ...\n`],
    );
    const junk = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const start = [...header('18.0.0'), executor];
    const begin = fc.constantFrom('', plain(start), timestamped(start));
    const shown = new Set<string>();
    fc.assert(
      fc.property(
        begin,
        fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, junk), { maxLength: 40 }),
        (first, parts) => {
          for (const image of read(first + parts.join('')).images) shown.add(image.id ?? 'none');
        },
      ),
      { numRuns: 3_000 },
    );
    expect([...shown]).toEqual([RUBY]);
  });
});
