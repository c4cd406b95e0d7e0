import { referenceIdentity } from '@sideband/shared/image-reference';
import { quote } from '@sideband/shared/quote';
import type { TraceImage } from '../resolve/image-tally.ts';
import type { TraceHead } from '../resolve/trace-reader.ts';

/** What `sideband-collector trace --json` prints. Null for what the trace does not say; lines count from 1. */
export interface TraceDescription {
  readonly runner: {
    readonly version: string;
    readonly name: string | null;
    readonly shortToken: string | null;
  } | null;
  readonly systemId: string | null;
  readonly executor: string | null;
  readonly instance: string | null;
  readonly images: readonly ImageDescription[];
  readonly trusted: { readonly by: TraceHead['trusted']; readonly how: string };
  readonly complete: boolean;
  readonly format: TraceHead['format'];
  readonly bytesRead: number;
  readonly ignored: TraceHead['ignored'];
  readonly readFrom: Readonly<Record<keyof TraceHead['readFrom'], readonly number[] | null>>;
}

interface ImageDescription {
  readonly role: TraceImage['role'];
  /** As the runner printed it; null where GitLab masked a part of it. */
  readonly reference: string | null;
  /** The name under which evidence of it is kept. */
  readonly canonical: string | null;
  readonly id: string | null;
  /** As the runner printed it: `repository@sha256:…`. */
  readonly digest: string | null;
  readonly platform: string | null;
  readonly pullPolicy: readonly string[] | null;
  readonly pulled: boolean;
  readonly lines: readonly number[];
}

const HOW: Readonly<Record<TraceHead['trusted'], string>> = {
  'runner-stream':
    'Each line is marked with the stream that wrote it, and only the runner’s own (00, standard output) was read.',
  'before-script':
    'Lines are not marked with who wrote them, so only those before the end of prepare_executor were read: a job’s commands print after it.',
  nothing: 'No gitlab-runner introduces itself in the first line, so nothing was read.',
};

/** The whole of it, as JSON has it. */
export function describeTrace(head: TraceHead): TraceDescription {
  const { runner, readFrom } = head;
  return {
    runner:
      runner === undefined
        ? null
        : {
            version: runner.version,
            name: runner.name ?? null,
            shortToken: runner.shortToken ?? null,
          },
    systemId: head.systemId ?? null,
    executor: head.executor ?? null,
    instance: head.instance ?? null,
    images: head.images.map(describeImage),
    trusted: { by: head.trusted, how: HOW[head.trusted] },
    complete: head.complete,
    format: head.format,
    bytesRead: head.bytesRead,
    ignored: head.ignored,
    readFrom: {
      runner: linesOrNull(readFrom.runner),
      systemId: linesOrNull(readFrom.systemId),
      executor: linesOrNull(readFrom.executor),
      instance: linesOrNull(readFrom.instance),
    },
  };
}

/** The same for a terminal, a line feed at its end. What strangers wrote cannot move the cursor or change a colour. */
export function renderTrace(head: TraceHead): string {
  const { readFrom } = head;
  const rows = [
    row('runner', runnerOf(head), readFrom.runner),
    row('system id', shown(head.systemId), readFrom.systemId),
    row('executor', shown(head.executor), readFrom.executor),
    row('instance', shown(head.instance), readFrom.instance),
    row('images', head.images.length === 0 ? 'none' : String(head.images.length)),
    ...head.images.flatMap(imageRows),
    row('trusted', `${head.trusted}: ${HOW[head.trusted]}`),
    row('complete', head.complete ? 'yes' : 'no: the preparation does not end in what was read'),
    row('read', `${head.bytesRead} bytes, ${head.format}`),
    ...head.ignored.map(({ reason, count }) => row('ignored', `${reason}: ${count}`)),
  ];
  return `${rows.join('\n')}\n`;
}

function describeImage(image: TraceImage): ImageDescription {
  return {
    role: image.role,
    reference: image.reference ?? null,
    canonical: image.name === undefined ? null : referenceIdentity(image.name),
    id: image.id ?? null,
    digest: image.printedDigest ?? null,
    platform: image.platform ?? null,
    pullPolicy: image.pullPolicy ?? null,
    pulled: image.pulled,
    lines: image.lines,
  };
}

function imageRows(image: TraceImage): readonly string[] {
  const { role, reference, canonical, id, digest, platform, pullPolicy, pulled, lines } =
    describeImage(image);
  const came = pulled ? 'pulled' : image.foundLocally ? 'found locally' : null;
  const facts: readonly (readonly [string, string | null])[] = [
    ['canonical', canonical],
    ['id', id],
    ['digest', digest],
    ['platform', platform],
    ['pull policy', pullPolicy?.join(', ') ?? null],
    ['came', came],
  ];
  return [
    row(`  ${role}`, reference === null ? 'its name is masked' : shown(reference), lines),
    ...facts.flatMap(([label, value]) => (value === null ? [] : [row(`    ${label}`, shown(value))])),
  ];
}

function runnerOf({ runner }: TraceHead): string {
  if (runner === undefined) return shown(undefined);
  const { version, revision, name, shortToken } = runner;
  const called = name === undefined ? 'without a name' : quote(name);
  return `${shown(version)} (${shown(revision)}), ${called}, token ${shown(shortToken)}`;
}

/** Without quotes where there is nothing to escape, so that it can be copied; a name of a digest is never shortened. */
function shown(text: string | undefined): string {
  if (text === undefined) return 'not said';
  return /^[ -~]*$/.test(text) ? text : quote(text);
}

function row(label: string, value: string, lines: readonly number[] = []): string {
  const where = lines.length === 0 ? '' : `  [line ${lines.join(', ')}]`;
  return `${label.padEnd(16)} ${value}${where}`;
}

function linesOrNull(lines: readonly number[]): readonly number[] | null {
  return lines.length === 0 ? null : lines;
}
