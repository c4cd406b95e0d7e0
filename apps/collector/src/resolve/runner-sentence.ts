import { parseSystemId, type SystemId } from '@sideband/shared/names';
import { type ImageSentence, readImageSentence } from './image-sentence.ts';

/** What the runner says, as far as it matters here. Names are as printed: nothing in them has been checked. */
export type RunnerSentence =
  | ImageSentence
  | { readonly kind: 'header'; readonly version: string; readonly revision: string }
  | {
      readonly kind: 'manager';
      readonly name: string;
      readonly shortToken: string;
      /** Since 15.8; undefined as well where it is none. */
      readonly systemId: SystemId | undefined;
    }
  | { readonly kind: 'preparing'; readonly executor: string }
  /** An autoscaler's machine: before the runner has reached it, and when it has. */
  | { readonly kind: 'instance'; readonly id: string }
  /** Something failed, and the reason is given in somebody else's words, which may go on for some lines. */
  | { readonly kind: 'failure' }
  /** The preparation is over: from here on the job's own commands print. */
  | { readonly kind: 'prepared' };

type Reader = (line: string) => RunnerSentence | undefined;

// By first word: a line whose first word the runner never uses costs one look-up.
// - common/build.go, shells/bash.go (`Running on`, `$ `), executors/internal/autoscaler/acquisition.go,
//   executors/docker/services.go (`*** WARNING:`)
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Running', readRunning],
  ['on', readManager],
  ['Preparing', readPreparing],
  ['Dialing', readDialing],
  ['Instance', readConnected],
  ['Using', readImageSentence],
  ['Resuming', readImageSentence],
  ['Starting', readImageSentence],
  ['Pulling', readImageSentence],
  ['WARNING:', readWarning],
  ['***', readServiceTrouble],
  ['ERROR:', (line) => ({ kind: line.startsWith('ERROR: Job failed') ? 'prepared' : 'failure' })],
  ['Getting', (line) => (line === 'Getting source from Git repository' ? { kind: 'prepared' } : undefined)],
  [
    'Executing',
    (line) => (/^Executing "[\w.-]+" stage of the job script/.test(line) ? { kind: 'prepared' } : undefined),
  ],
  ['Job', (line) => (line === 'Job succeeded' ? { kind: 'prepared' } : undefined)],
  // A command of the job, as the shell shows it: without section markers this may be all that tells.
  ['$', () => ({ kind: 'prepared' })],
]);

/** Reads one undressed line; undefined for a sentence that does not matter. */
export function readRunnerSentence(text: string): RunnerSentence | undefined {
  if (text === '') return undefined;
  const line = text.replace(/^ +/, '');
  const space = line.indexOf(' ');
  return READERS.get(space === -1 ? line : line.slice(0, space))?.(line);
}

function readRunning(line: string): RunnerSentence | undefined {
  // `gitlab-runner 19.3.0 (abcdef12)`; a build of one's own says `development version (HEAD)`.
  const header = /^Running with \S{1,64} (.{1,128}) \((.{0,100})\)$/.exec(line);
  if (header !== null) return { kind: 'header', version: header[1] ?? '', revision: header[2] ?? '' };
  return line.startsWith('Running on ') ? { kind: 'prepared' } : undefined;
}

function readManager(line: string): RunnerSentence | undefined {
  // `  on <name> <short token>, system ID: s_…`. A runner may be named like the end of this line: the last one counts.
  const manager = /^on (.*) (\S+), system ID: (\S*)$/.exec(line) ?? /^on (.*) (\S+)$/.exec(line) ?? undefined;
  if (manager === undefined) return undefined;
  const [, name = '', shortToken = '', printed = ''] = manager;
  const systemId = parseSystemId(printed);
  return { kind: 'manager', name, shortToken, systemId: systemId.ok ? systemId.value : undefined };
}

function readPreparing(line: string): RunnerSentence | undefined {
  if (line === 'Preparing environment') return { kind: 'prepared' };
  const executor = /^Preparing the "([\w+.-]{1,64})" executor$/.exec(line)?.[1];
  return executor === undefined ? undefined : { kind: 'preparing', executor };
}

function readDialing(line: string): RunnerSentence | undefined {
  // An address may follow the id.
  const id = /^Dialing instance (.{1,300}?)(?:, \S{1,64})?\.\.\.$/.exec(line)?.[1];
  return id === undefined ? undefined : { kind: 'instance', id };
}

function readConnected(line: string): RunnerSentence | undefined {
  const id = /^Instance (.{1,300}) connected$/.exec(line)?.[1];
  return id === undefined ? undefined : { kind: 'instance', id };
}

function readWarning(line: string): RunnerSentence | undefined {
  // Where `disable_cache` is set every job has this one, and the path in it is quoted (`%q`).
  const harmless = line.startsWith('WARNING: Container based cache volumes creation is disabled');
  return harmless ? undefined : { kind: 'failure' };
}

function readServiceTrouble(line: string): RunnerSentence | undefined {
  // What comes then is the service's own log, up to a line of asterisks that it may well print itself.
  return /^\*{3} (?:ERROR|WARNING):/.test(line) ? { kind: 'failure' } : undefined;
}
