import { parseSystemId, type SystemId } from '@sideband/shared/names';

/** What the runner says, as far as it matters here. Names are as printed: nothing in them has been checked. */
export type RunnerSentence =
  | { readonly kind: 'header' }
  | { readonly kind: 'manager'; readonly systemId: SystemId }
  | { readonly kind: 'preparing' }
  /** The Docker executor begins; `name` is the job's own image, absent where a suspended job is resumed. */
  | { readonly kind: 'executor'; readonly name: string | undefined }
  | { readonly kind: 'service'; readonly printed: string }
  | { readonly kind: 'helper'; readonly name: string }
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'pulling'; readonly name: string }
  /** The pull that was announced last did not happen or failed. */
  | { readonly kind: 'not-pulled' }
  | {
      readonly kind: 'used';
      readonly id: string;
      readonly name: string;
      readonly digest: string | undefined;
    }
  /** The preparation is over: from here on the job's own commands print. */
  | { readonly kind: 'prepared' };

type Reader = (line: string) => RunnerSentence | undefined;

// gitlab-runner 13 to 19, by first word: a line whose first word the runner never uses costs one look-up.
// - executors/docker/docker.go, executors/docker/services.go, executors/docker/internal/pull/manager.go
// - common/build.go, shells/bash.go (`Running on`, `$ `)
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Running', readRunning],
  ['on', readManager],
  ['Preparing', readPreparing],
  ['Using', readUsing],
  [
    'Resuming',
    (line) => (line === 'Resuming Docker executor...' ? { kind: 'executor', name: undefined } : undefined),
  ],
  ['Starting', readService],
  ['Pulling', readPulling],
  [
    'WARNING:',
    (line) => (line.startsWith('WARNING: Failed to pull image') ? { kind: 'not-pulled' } : undefined),
  ],
  ['Getting', (line) => (line === 'Getting source from Git repository' ? { kind: 'prepared' } : undefined)],
  [
    'Executing',
    (line) => (/^Executing "[\w.-]+" stage of the job script/.test(line) ? { kind: 'prepared' } : undefined),
  ],
  ['Job', (line) => (line === 'Job succeeded' ? { kind: 'prepared' } : undefined)],
  ['ERROR:', (line) => (line.startsWith('ERROR: Job failed') ? { kind: 'prepared' } : undefined)],
  // A command of the job, as the shell shows it: without section markers this may be all that tells.
  ['$', () => ({ kind: 'prepared' })],
]);

/** Reads one undressed line; undefined for a sentence that does not matter, or that is not whole. */
export function readRunnerSentence(text: string): RunnerSentence | undefined {
  const line = text.replace(/^ +/, '');
  const space = line.indexOf(' ');
  return READERS.get(space === -1 ? line : line.slice(0, space))?.(line);
}

function readRunning(line: string): RunnerSentence | undefined {
  // `gitlab-runner 19.3.0 (abcdef12)`; a build of one's own says `development version (HEAD)`.
  if (/^Running with .{1,200} \(.{0,100}\)$/.test(line)) return { kind: 'header' };
  return line.startsWith('Running on ') ? { kind: 'prepared' } : undefined;
}

function readManager(line: string): RunnerSentence | undefined {
  // `  on <runner name> <short token>, system ID: s_…`, since 15.8.
  const id = parseSystemId(/, system ID: (\S{1,64})$/.exec(line)?.[1] ?? '');
  return id.ok ? { kind: 'manager', systemId: id.value } : undefined;
}

function readPreparing(line: string): RunnerSentence | undefined {
  if (line === 'Preparing environment') return { kind: 'prepared' };
  return /^Preparing the "[^"]{1,64}" executor$/.test(line) ? { kind: 'preparing' } : undefined;
}

function readUsing(line: string): RunnerSentence | undefined {
  const used = /^Using docker image (\S+) for (\S+)(?: with digest (\S+))? \.\.\.$/.exec(line);
  if (used !== null) return { kind: 'used', id: used[1] ?? '', name: used[2] ?? '', digest: used[3] };

  const executor = /^Using Docker executor with image (\S+) \.\.\.$/.exec(line)?.[1];
  if (executor !== undefined) return { kind: 'executor', name: executor };

  const policy = /^Using effective pull policy of \[[^\]]{0,200}\] for container (\S+)$/.exec(line)?.[1];
  if (policy !== undefined) return { kind: 'policy', name: policy };

  // Two spaces: the colon has its own, and Println adds one. What may follow says that it was configured.
  const helper = /^Using helper image: {2}(\S+)(?: {2}\(overridden, .*)?$/.exec(line)?.[1];
  if (helper !== undefined) return { kind: 'helper', name: helper };

  return line.startsWith('Using locally found image version') ? { kind: 'not-pulled' } : undefined;
}

function readService(line: string): RunnerSentence | undefined {
  // `redis:7...` since 17.1, `redis:7 ...` before.
  const printed = /^Starting service (\S+?) ?\.\.\.$/.exec(line)?.[1];
  return printed === undefined ? undefined : { kind: 'service', printed };
}

function readPulling(line: string): RunnerSentence | undefined {
  const name = /^Pulling docker image (\S+)(?: for platform \S+)? \.\.\.$/.exec(line)?.[1];
  return name === undefined ? undefined : { kind: 'pulling', name };
}
