/** What the runner says of images. Names are as printed: nothing in them has been checked. */
export type ImageSentence =
  /** The Docker executor begins; `name` is the job's own image, absent where a suspended job is resumed. */
  | { readonly kind: 'executor'; readonly name: string | undefined }
  | { readonly kind: 'kubernetes'; readonly name: string }
  | { readonly kind: 'service'; readonly printed: string }
  | { readonly kind: 'helper'; readonly name: string }
  | { readonly kind: 'policy'; readonly name: string; readonly policies: readonly string[] }
  | { readonly kind: 'pulling'; readonly name: string; readonly platform: string | undefined }
  /** What is used next was there already. */
  | { readonly kind: 'local' }
  | {
      readonly kind: 'used';
      readonly id: string;
      readonly name: string;
      readonly digest: string | undefined;
    }
  /** A sentence that does not end as it should: there is a space or a line break in the name it holds. */
  | { readonly kind: 'broken' };

/** The runner has these words in no other sentence, so a line that goes on differently has been broken. */
const NAMING = [
  'Using docker image ',
  'Using Docker executor with image ',
  'Using Kubernetes executor with image ',
  'Using effective pull policy of ',
  'Using helper image: ',
  'Starting service ',
  'Pulling docker image ',
] as const;

// gitlab-runner 13 to 19: executors/docker/docker.go, executors/docker/services.go,
// executors/docker/internal/pull/manager.go, executors/kubernetes/kubernetes.go
const READERS: readonly ((line: string) => ImageSentence | undefined)[] = [
  readUsed,
  readPolicy,
  readPulling,
  readLocal,
  readExecutor,
  readService,
  readHelper,
];

/** Reads one undressed line that names an image. */
export function readImageSentence(line: string): ImageSentence | undefined {
  for (const read of READERS) {
    const sentence = read(line);
    if (sentence !== undefined) return sentence;
  }
  return NAMING.some((words) => line.startsWith(words)) ? { kind: 'broken' } : undefined;
}

function readUsed(line: string): ImageSentence | undefined {
  // The digest since 13.4, and only of images that have one.
  const used = /^Using docker image (\S+) for (\S+)(?: with digest (\S+))? \.\.\.$/.exec(line);
  return used === null
    ? undefined
    : { kind: 'used', id: used[1] ?? '', name: used[2] ?? '', digest: used[3] };
}

function readPolicy(line: string): ImageSentence | undefined {
  // Since 18.0. Kubernetes names the container instead of the image.
  const policy = /^Using effective pull policy of \[([\w -]{0,200})\] for container (\S+)$/.exec(line);
  if (policy === null) return undefined;
  const policies = (policy[1] ?? '').split(' ').filter((word) => word !== '');
  return { kind: 'policy', name: policy[2] ?? '', policies };
}

function readPulling(line: string): ImageSentence | undefined {
  // The platform since 16.6.
  const pulling = /^Pulling docker image (\S+)(?: for platform ([!-~]{1,64}))? \.\.\.$/.exec(line);
  return pulling === null ? undefined : { kind: 'pulling', name: pulling[1] ?? '', platform: pulling[2] };
}

function readLocal(line: string): ImageSentence | undefined {
  return line.startsWith('Using locally found image version') ? { kind: 'local' } : undefined;
}

function readExecutor(line: string): ImageSentence | undefined {
  if (line === 'Resuming Docker executor...') return { kind: 'executor', name: undefined };
  const begins = /^Using (Docker|Kubernetes) executor with image (\S+) \.\.\.$/.exec(line);
  if (begins === null) return undefined;
  return { kind: begins[1] === 'Docker' ? 'executor' : 'kubernetes', name: begins[2] ?? '' };
}

function readService(line: string): ImageSentence | undefined {
  // `redis:7...` since 17.1, `redis:7 ...` before.
  const printed = /^Starting service (\S+?) ?\.\.\.$/.exec(line)?.[1];
  return printed === undefined ? undefined : { kind: 'service', printed };
}

function readHelper(line: string): ImageSentence | undefined {
  // Two spaces: the colon has its own, and Println adds one. What may follow says that it was configured.
  const helper = /^Using helper image: {2}(\S+)(?: {2}\(overridden, .*)?$/.exec(line)?.[1];
  return helper === undefined ? undefined : { kind: 'helper', name: helper };
}
