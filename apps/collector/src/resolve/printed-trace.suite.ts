import { Buffer } from 'node:buffer';
import { referenceIdentity } from '@sideband/shared/image-reference';
import { createTraceReader, type TraceHead } from './trace-reader.ts';

export const ESC = '\u001b';
const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;
export const RUBY = ID('a');
export const REDIS = ID('b');
export const HELPER = ID('c');
export const VICTIM = ID('e');
export const DIGEST = `sha256:${'d'.repeat(64)}`;
export const MANAGER = 's_0123456789ab';

/** Something printed: by the runner, by the job's script, or a section marker; in either format. */
type Printed =
  | { readonly by: 'runner' | 'script' | 'service-log'; readonly text: string }
  | { readonly marker: string };

export const runner = (text: string): Printed => ({ by: 'runner', text });
export const script = (text: string): Printed => ({ by: 'script', text });
const marker = (name: string): Printed => ({ marker: name });

export function plain(printed: readonly Printed[]): string {
  return printed
    .map((item) => {
      if ('marker' in item) return `section_${item.marker}\r${ESC}[0K`;
      return item.by === 'runner' ? `${ESC}[0K${item.text}${ESC}[0;m\n` : `${item.text}\n`;
    })
    .join('');
}

/** As gitlab-runner's timestamper writes it: a marker has a line of its own, and the next one goes on from it. */
export function timestamped(printed: readonly Printed[]): string {
  const streams = { runner: '00O', script: '01O', 'service-log': '00E' };
  let flag = ' ';
  let trace = '';
  printed.forEach((item, index) => {
    const time = `2026-11-21T10:00:00.${String(index).padStart(6, '0')}Z`;
    if ('marker' in item) {
      trace += `${time} 00O${flag}section_${item.marker}\r${ESC}[0K\n`;
      flag = '+';
      return;
    }
    for (const line of item.text.split('\n')) {
      const dressed = item.by === 'runner' ? `${ESC}[0K${line}${ESC}[0;m` : line;
      trace += `${time} ${streams[item.by]}${item.by === 'runner' ? flag : ' '}${dressed}\n`;
      if (item.by === 'runner') flag = ' ';
    }
  });
  return trace;
}

export const FORMATS = [
  ['plain', plain],
  ['timestamped', timestamped],
] as const;

export function header(version: string, managed = true): Printed[] {
  return [
    runner(`Running with gitlab-runner ${version} (abcdef12)`),
    runner(`  on café runner (2) t1_abcdef${managed ? `, system ID: ${MANAGER}` : ''}`),
    runner('  feature flags: FF_USE_FASTZIP:true'),
    marker('start:1700000000:prepare_executor'),
    runner('Preparing the "docker" executor'),
  ];
}

export const SCRIPT: Printed[] = [
  marker('end:1700000009:prepare_executor'),
  marker('start:1700000009:prepare_script'),
  runner('Preparing environment'),
  script('Running on runner-t1abcdef-project-7-concurrent-0 via builder-3...'),
  marker('end:1700000010:prepare_script'),
  marker('start:1700000010:step_script[collapsed=true]'),
  runner('Executing "step_script" stage of the job script'),
  script(`${ESC}[32;1m$ make test${ESC}[0;m`),
  script('ok'),
  runner('Job succeeded'),
];

export const executor = runner('Using Docker executor with image ruby:3.3 ...');
export const used = (id: string, name: string, digest?: string): Printed =>
  runner(`Using docker image ${id} for ${name}${digest === undefined ? '' : ` with digest ${digest}`} ...`);

export function read(trace: string | Uint8Array): TraceHead {
  const reader = createTraceReader();
  reader.push(typeof trace === 'string' ? Buffer.from(trace) : trace);
  return reader.finish();
}

/** What a table compares: role, the name's identity, the id, and whether it was pulled. */
export function summary(head: TraceHead): string[] {
  return head.images.map((image) => {
    const name = image.name === undefined ? '?' : referenceIdentity(image.name);
    return `${image.role} ${name} ${image.id?.slice(7, 8)}${image.pulled ? ' pulled' : ''}`;
  });
}

export const BUILD_PULLED = 'build docker.io/library/ruby:3.3 a pulled';
