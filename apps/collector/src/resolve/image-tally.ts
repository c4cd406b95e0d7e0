import type { Identity, Role } from '@sideband/shared/evidence/model';
import {
  type ImageReference,
  parseImageId,
  parseImageReference,
  referenceIdentity,
} from '@sideband/shared/image-reference';
import { createNoteBook, type ImageNotes } from './image-notes.ts';
import type { RunnerSentence } from './runner-sentence.ts';
import { isAnnouncedService } from './service-name.ts';

/** An image of which the runner said that the job uses it. */
export interface TraceImage extends ImageNotes {
  readonly role: Role;
  /** As asked for; undefined where GitLab masked a part of it, or where it was asked for by its id. */
  readonly name: ImageReference | undefined;
  /** Undefined with Kubernetes, which does not say what the name stood for. */
  readonly id: Identity | undefined;
  /** One of the image's digest references, not always in the repository that was asked for. */
  readonly digest: Identity | undefined;
  /** A pull of this name succeeded, so it can be pulled again. */
  readonly pulled: boolean;
  /** The name as the runner printed it; undefined where a part of it is masked. */
  readonly reference: string | undefined;
  /** The digest reference as the runner printed it. */
  readonly printedDigest: string | undefined;
}

export interface ImageTally {
  /** Undefined when the sentence was taken, else why not. */
  add(sentence: RunnerSentence, line: number): string | undefined;
  images(): readonly TraceImage[];
}

// The engine's names are printable ASCII; 512 is the limit of an identity (evidence/model.ts).
const NAME = /^[!-~]{1,512}$/;
/** A job has a build image, a helper and some services; whoever names more than this wants to fill memory. */
const MAX_NAMES = 256;

/**
 * Pairs what the runner announces with what it then uses. An author can put a line feed into an image's name or
 * into a registry's answer, and the runner prints it, so a line may be forged even in its own stream. Such a
 * line can claim a use at most, and only of a name that was announced too, as a job that ran the image would. That
 * an image can be pulled again would cost it protection: it is not believed any more once somebody else may have
 * spoken (`strange`, or a sentence that says so).
 */
export function createImageTally(strange: boolean): ImageTally {
  const images = new Map<string, TraceImage>();
  const announced = new Set<string>();
  const helpers = new Set<string>();
  const notes = createNoteBook();
  let honest = !strange;
  /** The service that is being started: its name is printed in another form than it is used. */
  let service: string | undefined;
  let build: string | undefined;
  let pulling: string | undefined;

  function announce(name: string): string | undefined {
    if (!NAME.test(name)) return 'bad-name';
    if (!announced.has(name) && announced.size >= MAX_NAMES) return 'too-many-names';
    announced.add(name);
    return undefined;
  }

  function roleOf(name: string): Role | undefined {
    // First, because a job may have one image as a service and as its own; the service is started before.
    if (service !== undefined && isAnnouncedService(service, name)) return 'service';
    if (helpers.has(name)) return 'helper';
    if (name === build) return 'build';
    if (!announced.has(name)) return undefined;
    return service === undefined ? 'build' : 'service';
  }

  function use(sentence: Extract<RunnerSentence, { kind: 'used' }>, line: number): string | undefined {
    const { name: text } = sentence;
    if (!NAME.test(text)) return 'bad-name';
    const role = roleOf(text);
    if (role === undefined) return 'not-announced';
    const id = parseImageId(sentence.id);
    if (!id.ok) return id.error.reason;
    const name = parseImageReference(text);
    const masked = !name.ok && name.error.reason === 'masked';
    // A name that is no name is of no use, but for these two the id beside it still is.
    if (!name.ok && !masked && name.error.reason !== 'image-id') return 'bad-name';

    // With the id: two names may look the same once they are masked, a tag may move while the preparation is tried
    // again, and what was said first cannot be displaced by a forged line.
    const key = `${role} ${text} ${id.value}`;
    const before = images.get(key);
    if (before === undefined && images.size >= MAX_NAMES) return 'too-many-names';
    const digest = digestIdentity(sentence.digest);
    images.set(key, {
      ...notes.take(text, role, line, before),
      role,
      name: name.ok ? name.value : undefined,
      id: id.value,
      digest,
      pulled: (honest && pulling === text) || (before?.pulled ?? false),
      reference: masked ? undefined : text,
      printedDigest: digest === undefined ? undefined : sentence.digest,
    });
    if (role === 'service') service = undefined;
    if (pulling === text) pulling = undefined;
    return undefined;
  }

  function take(sentence: RunnerSentence, line: number): string | undefined {
    switch (sentence.kind) {
      case 'executor':
        build = sentence.name;
        service = undefined;
        return build === undefined ? undefined : announce(build);
      case 'service':
        service = sentence.printed;
        return undefined;
      case 'helper':
        // Helpers are wanted once the services have been started.
        service = undefined;
        helpers.add(sentence.name);
        return announce(sentence.name);
      case 'policy':
        return announce(sentence.name);
      case 'pulling':
        pulling = sentence.name;
        return announce(sentence.name);
      case 'local':
        pulling = undefined;
        return undefined;
      case 'failure':
      case 'broken':
        pulling = undefined;
        honest = false;
        return undefined;
      case 'used':
        return use(sentence, line);
      default:
        return undefined;
    }
  }

  return {
    add(sentence, line) {
      const reason = take(sentence, line);
      if (reason === undefined) notes.add(sentence, line);
      return reason;
    },
    images: () => [...images.values()],
  };
}

function digestIdentity(text: string | undefined): Identity | undefined {
  if (text === undefined) return undefined;
  const reference = parseImageReference(text);
  return reference.ok && reference.value.digest !== undefined
    ? referenceIdentity(reference.value)
    : undefined;
}
