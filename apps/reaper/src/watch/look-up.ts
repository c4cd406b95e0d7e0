import type { Clock, Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import {
  type EngineContainer,
  type EventPosition,
  type ImageEvent,
  type ImageId,
  identitiesOf,
  type NamedImage,
  toImageId,
} from '../engine/port.ts';
import { NOTHING_SEEN, type Sightings } from '../evidence/sightings.ts';
import type { Agreement, JobContainer } from './agreement.ts';
import type { ContainerList, LabelledEvent, Waiting } from './event-queue.ts';
import type { ImageNames } from './image-names.ts';
import { identitiesOfText } from './image-text.ts';
import type { KnownImages } from './known-images.ts';
import type { OwnTags } from './own-tags.ts';
import { type LabelledContainer, readRunnerLabels } from './runner-labels.ts';
import { type Sight, sightContainer } from './sight-container.ts';
import { sightImage } from './sight-image.ts';

export interface LookUpParts {
  readonly names: ImageNames;
  readonly known: KnownImages;
  readonly ownTags: OwnTags;
  readonly agreement: Pick<Agreement, 'saw'>;
  readonly instanceAt: Sight['instanceAt'];
  readonly tellsOnlyGoodPulls: boolean;
  readonly clock: Clock;
  readonly correct: (at: Millis) => Millis;
}

/** More containers than these at a time, and the oldest are looked up again by their image's name. */
const MAX_REMEMBERED = 10_000;

/** What an event or a list says, once its images have been looked up. To be asked in the order of the events. Never throws. */
export function createLookUp(parts: LookUpParts): (waiting: Waiting) => Promise<readonly Sightings[]> {
  const { names, known, ownTags, agreement, clock, correct } = parts;
  /** A container keeps its image; the name it was created by may belong to another image by now. */
  const imageOf = new Map<string, NamedImage>();

  async function resolveContainer(container: string, image: string): Promise<readonly Identity[]> {
    const before = imageOf.get(container);
    const found = await names.resolve(before?.id ?? idOr(image));
    if (typeof found !== 'string') {
      remember(container, found);
      return identitiesOf(found);
    }
    return before === undefined ? identitiesOfText(image) : identitiesOf(before);
  }

  function remember(container: string, image: NamedImage): void {
    imageOf.delete(container);
    imageOf.set(container, image);
    const [oldest] = imageOf.size > MAX_REMEMBERED ? imageOf.keys() : [];
    if (oldest !== undefined) imageOf.delete(oldest);
  }

  function sight(
    labelled: LabelledContainer,
    image: readonly Identity[],
    { at, action }: Pick<JobContainer, 'at' | 'action'>,
    position?: EventPosition,
  ): Sightings {
    const sight = { receivedAt: correct(clock.now()), instanceAt: parts.instanceAt };
    const sightings = sightContainer({ labelled, image, at }, sight, position);
    for (const { job, role, identities } of sightings.uses) {
      if (job !== undefined) agreement.saw({ job, role, image: identities, at, action });
    }
    return sightings;
  }

  async function containerEvent(event: LabelledEvent): Promise<Sightings> {
    const image = await resolveContainer(event.container, event.image);
    if (event.action === 'destroy') imageOf.delete(event.container);
    const seen = { at: correct(event.at), action: event.action };
    return sight(event.labelled, image, seen, event.position);
  }

  async function imageEvent(event: ImageEvent): Promise<Sightings> {
    names.forget();
    const found = event.action === 'untag' ? 'unknown' : await names.resolve(idOr(event.image));
    const id = typeof found === 'string' ? toImageId(event.image) : found.id;
    if (event.action === 'tag' && ownTags.isOwn(id, event.name)) {
      return { ...NOTHING_SEEN, position: event.position };
    }
    const isNew = id !== undefined && known.cameWith(id, event.at);
    if (id !== undefined && found === 'gone') known.go(id);
    if (typeof found !== 'string') known.come(found.id, event.at);
    return sightImage(event, {
      found,
      isNew,
      tellsOnlyGoodPulls: parts.tellsOnlyGoodPulls,
      at: correct(event.at),
      receivedAt: correct(clock.now()),
    });
  }

  /** Nothing says when a container that has ended did so, only that it was created. */
  async function listed(container: EngineContainer, now: Millis): Promise<Sightings> {
    const image = await resolveContainer(container.id, container.image);
    const at = container.state === 'running' ? now : container.createdAt;
    return sight(readRunnerLabels(container.labels), image, { at, action: 'listed' });
  }

  async function list({ containers }: ContainerList): Promise<readonly Sightings[]> {
    const now = correct(clock.now());
    const sightings: Sightings[] = [];
    for (const container of containers) sightings.push(await listed(container, now));
    return sightings;
  }

  return async (waiting) => {
    if (waiting.kind === 'list') return await list(waiting);
    return [await (waiting.kind === 'container' ? containerEvent(waiting) : imageEvent(waiting))];
  };
}

/** Podman gives an id without its prefix, which Docker would take for a name. */
function idOr(image: string): ImageId | string {
  return toImageId(image) ?? image;
}
