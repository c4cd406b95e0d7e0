import { type Clock, msLeft } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import { quote } from '@sideband/shared/quote';
import type { ImageId, NamedImage } from '../engine/port.ts';

/** The image, or why there is none: the engine has none by that name, or it cannot be asked now. */
export type Found = NamedImage | 'gone' | 'unknown';

/** Which image a name means now. What is known stays known until something happens to images. */
export interface ImageNames {
  /** Never throws. */
  resolve(name: string): Promise<Found>;
  /** Something happened to images: names may have moved. */
  forget(): void;
}

const MAX_REMEMBERED = 2_000;
/** An engine that hangs holds each question for a minute, and events would wait behind every one of them. */
const SLOW_MS = 5_000;
const REST_MS = 60_000;

export function createImageNames(parts: {
  readonly find: (name: string) => Promise<NamedImage | undefined>;
  /** From the last list of images, as long as nothing happened since. */
  readonly listed: (id: ImageId) => NamedImage | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): ImageNames {
  const { find, listed, clock, log } = parts;
  const remembered = new Map<string, Promise<Found>>();
  let restingSince: number | undefined;

  async function ask(name: string): Promise<Found> {
    const askedAt = clock.now();
    try {
      return (await find(name)) ?? 'gone';
    } catch (error) {
      log.warn({ image: quote(name), err: error }, 'An image that is in use could not be looked up');
      if (clock.now() - askedAt >= SLOW_MS) restingSince = clock.now();
      return 'unknown';
    }
  }

  return {
    resolve: async (name) => {
      const known = listed(name as ImageId) ?? remembered.get(name);
      if (known !== undefined) return known;
      if (msLeft(restingSince, REST_MS, clock) > 0) return 'unknown';
      const asked = ask(name);
      remembered.set(name, asked);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= MAX_REMEMBERED) break;
        remembered.delete(oldest);
      }
      return await asked;
    },
    forget: () => remembered.clear(),
  };
}
