import type { Millis } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { quote } from '@sideband/shared/quote';
import { type ListedImage, listedImages, readAnswer } from './answers.ts';
import { arrivalOf, type RecordTimes } from './arrival.ts';
import { type CanonicalNames, canonicalNames } from './canonical-names.ts';
import { chainIds } from './chain-ids.ts';
import { type ImageDetails, READ_TIMEOUT_MS, readImageDetails } from './image-details.ts';
import { layerSizes, type SizedImage } from './layer-sizes.ts';
import { mapLimited } from './map-limited.ts';
import { type ChainId, type EngineImage, type ImageId, toImageId } from './port.ts';
import type { Asking } from './wire.ts';
import { NO_ANSWER } from './wire-error.ts';

interface Remembered {
  /** The engine's spelling of its names, and its record's time: as long as they are the same, so is the rest. */
  readonly version: string;
  readonly names: CanonicalNames;
  readonly recordAt: Millis | undefined;
  readonly details: ImageDetails;
}

interface SeenImage extends Remembered {
  readonly id: ImageId;
  readonly listed: ListedImage;
}

/** At the first listing every image is asked for twice; this many at a time do not disturb a busy engine. */
const CONCURRENCY = 4;
const NO_DETAILS: ImageDetails = { diffIds: [], history: undefined, lastTagTime: undefined };

export interface ImageList {
  /** Throws `ENGINE_UNAVAILABLE` or `ENGINE_FAILED`. */
  read(recordTime: RecordTimes): Promise<readonly EngineImage[]>;
  /** What has this id or name is being removed: what comes under its id later has arrived anew. */
  forget(target: string): void;
}

/** Lists the images. What is known of them is remembered while they stay as they are, so that a cycle costs one call. */
export function createImageList(wire: Asking, log: Log): ImageList {
  let remembered = new Map<ImageId, Remembered>();

  async function read(recordTime: RecordTimes): Promise<readonly EngineImage[]> {
    // With the nameless intermediate images of the classic builder: they are other images' parents.
    const query = { all: 'true' };
    const answer = await wire.ask({ method: 'GET', path: '/images/json', query, timeoutMs: READ_TIMEOUT_MS });
    const listed = readAnswer(listedImages, answer, 'GET /images/json');
    const looked = await mapLimited(listed, CONCURRENCY, (image) => look(image, recordTime));
    const seen = looked.filter((image) => image !== undefined);
    remembered = new Map(
      seen.filter((image) => image.details !== NO_DETAILS).map((image) => [image.id, image]),
    );
    return assemble(seen);
  }

  async function look(listed: ListedImage, recordTime: RecordTimes): Promise<SeenImage | undefined> {
    const id = toImageId(listed.Id);
    if (id === undefined) {
      log.warn({ image: quote(listed.Id) }, 'The engine lists an image without an id; it is left alone');
      return undefined;
    }
    const recordAt = await recordTime(id);
    const version = JSON.stringify([listed.RepoTags, listed.RepoDigests, recordAt]);
    const before = remembered.get(id);
    if (before?.version === version) return { ...before, id, listed };
    const names = canonicalNames(listed.RepoTags, listed.RepoDigests);
    for (const name of names.unreadable) {
      log.warn({ image: id, name: quote(name) }, 'An image has a name that cannot be read');
    }
    const details = await detailsOf(id, before?.details);
    return details === undefined ? undefined : { id, listed, version, names, recordAt, details };
  }

  async function detailsOf(id: ImageId, before: ImageDetails | undefined): Promise<ImageDetails | undefined> {
    try {
      return await readImageDetails(wire, id, before, log);
    } catch (error) {
      // Each image would cost a hung engine another minute, and the cycle waits for all of them.
      if (!isSidebandError(error, 'ENGINE_FAILED') || error.details['reason'] === NO_ANSWER) throw error;
      // One damaged image must not hide all others, nor be hidden itself: the list alone gives names, size and parent.
      log.warn({ image: id, err: error }, 'An image cannot be inspected; its layers count as its own');
      return NO_DETAILS;
    }
  }

  function forget(target: string): void {
    for (const [id, { names }] of remembered) {
      if ([id as string, ...names.tags, ...names.digests].includes(target)) remembered.delete(id);
    }
  }

  return { read, forget };
}

function assemble(seen: readonly SeenImage[]): readonly EngineImage[] {
  const sized = seen.map(toSized);
  const sizes = layerSizes(sized);
  return seen.map(({ id, listed, names, recordAt, details }, index) => ({
    id,
    tags: names.tags,
    digests: names.digests,
    layers: (sized[index]?.chains ?? []).map((chain) => ({ chain, bytes: sizes.get(chain) ?? 0 })),
    parent: toImageId(listed.ParentId),
    labels: listed.Labels ?? {},
    ...arrivalOf(details.lastTagTime, recordAt, listed.Created),
  }));
}

function toSized({ id, listed, details }: SeenImage): SizedImage {
  const { history } = details;
  if (details.diffIds.length > 0 || listed.Size === 0) {
    const chains = chainIds(details.diffIds);
    return { id, diffIds: details.diffIds, chains, history, totalBytes: listed.Size };
  }
  // Bytes, but no layers we were told of: one layer that nobody shares.
  return {
    id,
    diffIds: [id],
    chains: [id as string as ChainId],
    history: undefined,
    totalBytes: listed.Size,
  };
}
