import type { Millis } from '@sideband/shared/clock';
import { expect, it } from 'vitest';
import { type EventPosition, IMAGE_ACTIONS, type ImageEvent, type ImageId } from '../engine/port.ts';
import { NOTHING_SEEN } from '../evidence/sightings.ts';
import { sightImage } from './sight-image.ts';

const ID = `sha256:${'a'.repeat(64)}` as ImageId;
const position = '1.0' as EventPosition;
const moment = { at: 1 as Millis, receivedAt: 2 as Millis };
const IMAGE = { id: ID, tags: [], digests: [] };

function anEvent(action: ImageEvent['action'], image: string): ImageEvent {
  return { kind: 'image', action, image, name: undefined, at: 1 as Millis, position };
}

it.each(IMAGE_ACTIONS.filter((action) => action !== 'delete'))(
  '%s of an image that cannot be looked up says nothing but where it was',
  (action) => {
    for (const found of ['gone', 'unknown'] as const) {
      const seen = { found, isNew: true, tellsOnlyGoodPulls: true, ...moment };
      expect(sightImage(anEvent(action, ID), seen)).toEqual({ ...NOTHING_SEEN, position });
    }
  },
);

it('takes a deletion for one only if the image has gone: Podman tells of those it refused, and of names', () => {
  const seen = { isNew: false, tellsOnlyGoodPulls: false, ...moment };
  const deleted = (image: string, found: 'gone' | 'unknown' | typeof IMAGE) =>
    sightImage(anEvent('delete', image), { ...seen, found }).deleted;
  expect(deleted(ID, 'gone')).toEqual([ID]);
  expect(deleted('a'.repeat(64), 'gone')).toEqual([ID]);
  expect(deleted('ruby:3.3', 'gone')).toEqual([]);
  expect(deleted(ID, IMAGE)).toEqual([]);
  expect(deleted(ID, 'unknown')).toEqual([]);
});

it('takes an import for what was made here', () => {
  const seen = { found: IMAGE, isNew: false, tellsOnlyGoodPulls: true, ...moment };
  expect(sightImage(anEvent('import', ID), seen)).toMatchObject({
    builtHere: [ID],
    uses: [{ role: 'image' }],
  });
});
