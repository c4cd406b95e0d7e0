import type { Clock } from '@sideband/shared/clock';
import type { ImageId, TagName } from '../engine/port.ts';
import { identitiesOfText } from './image-text.ts';

/** Names that the reaper itself gives back to an image it could not remove: no use of that image. */
export interface OwnTags {
  /** To be called before the engine is asked to tag. */
  expect(image: ImageId, name: TagName): void;
  /** Whether the tag that an event tells of is one of ours. `name` as the engine wrote it. */
  isOwn(image: ImageId | undefined, name: string | undefined): boolean;
}

/** The engine answers within a minute and its event follows at once; after a gap it is told of when the stream is back. */
const EXPECTED_FOR_MS = 5 * 60_000;
/** An image with more names than this has some of them counted as a use. */
const MAX_EXPECTED = 1_000;

export function createOwnTags(clock: Clock): OwnTags {
  const expected = new Map<string, number>();

  function isExpected(key: string): boolean {
    const since = expected.get(key);
    const age = since === undefined ? Number.NaN : clock.now() - since;
    return age >= 0 && age <= EXPECTED_FOR_MS;
  }

  return {
    expect: (image, name) => {
      const now = clock.now();
      for (const key of [image, `${image} ${name}`]) {
        expected.delete(key);
        expected.set(key, now);
      }
      for (const key of expected.keys()) {
        if (expected.size <= MAX_EXPECTED && isExpected(key)) break;
        expected.delete(key);
      }
    },
    // Not forgotten when its event has come: after a gap the same event may come again.
    isOwn: (image, name) => {
      if (image === undefined) return false;
      const [canonical] = name === undefined ? [] : identitiesOfText(name);
      return isExpected(canonical === undefined ? image : `${image} ${canonical}`);
    },
  };
}
