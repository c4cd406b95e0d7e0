import type { Identity, Role } from '@sideband/shared/evidence/model';
import {
  type ImageReference,
  parseImageId,
  parseImageReference,
  referenceIdentity,
} from '@sideband/shared/image-reference';
import type { RunnerSentence } from './runner-sentence.ts';
import { isAnnouncedService } from './service-name.ts';

/** An image of which the runner said that the job uses it. */
export interface TraceImage {
  readonly role: Role;
  /** As asked for; undefined where GitLab masked a part of it, or where it was asked for by its id. */
  readonly name: ImageReference | undefined;
  readonly id: Identity;
  /** One of the image's digest references, not always in the repository that was asked for. */
  readonly digest: Identity | undefined;
  /** A pull of this name succeeded, so it can be pulled again. */
  readonly pulled: boolean;
}

export interface ImageTally {
  /** Undefined when the sentence was taken, else why not. */
  add(sentence: RunnerSentence): string | undefined;
  images(): readonly TraceImage[];
}

// The engine's names are printable ASCII; 512 is the limit of an identity (evidence/model.ts).
const NAME = /^[!-~]{1,512}$/;
/** A job has a build image, a helper and some services; whoever names more than this wants to fill memory. */
const MAX_NAMES = 256;

/**
 * Pairs what the runner announces with what it then uses. An author can put a line feed into an image's name or
 * into a registry's answer, and the runner prints it, so a line may be forged even in its own stream. Such a
 * line can claim a use at most, and only of a name that was announced too, as a job that ran the image would.
 */
export function createImageTally(): ImageTally {
  const images = new Map<string, TraceImage>();
  const announced = new Set<string>();
  const helpers = new Set<string>();
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

  function use(sentence: Extract<RunnerSentence, { kind: 'used' }>): string | undefined {
    const { name: text } = sentence;
    if (!NAME.test(text)) return 'bad-name';
    const role = roleOf(text);
    if (role === undefined) return 'not-announced';
    const id = parseImageId(sentence.id);
    if (!id.ok) return id.error.reason;
    const name = parseImageReference(text);
    // A name that is no name is of no use, but for these two the id beside it still is.
    if (!name.ok && name.error.reason !== 'masked' && name.error.reason !== 'image-id') return 'bad-name';

    const key = `${role} ${text}`;
    const before = images.get(key);
    if (before === undefined && images.size >= MAX_NAMES) return 'too-many-names';
    images.set(key, {
      role,
      name: name.ok ? name.value : undefined,
      id: id.value,
      digest: digestIdentity(sentence.digest),
      pulled: pulling === text || (before?.pulled ?? false),
    });
    if (role === 'service') service = undefined;
    if (pulling === text) pulling = undefined;
    return undefined;
  }

  return {
    add(sentence) {
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
        case 'not-pulled':
          pulling = undefined;
          return undefined;
        case 'used':
          return use(sentence);
        default:
          return undefined;
      }
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
