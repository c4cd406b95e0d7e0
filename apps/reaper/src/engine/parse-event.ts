import type { Millis } from '@sideband/shared/clock';
import { parseJson } from '@sideband/shared/json';
import { quote } from '@sideband/shared/quote';
import * as z from 'zod/mini';
import { toPosition } from './event-position.ts';
import {
  type ContainerEvent,
  type EngineEvent,
  type EventPosition,
  type ImageEvent,
  toImageId,
} from './port.ts';

// Docker's words are the port's. Podman filters by its own words, `died`, `remove` and `loadfromarchive`, and calls
// what it then tells `die`, `remove` or `delete`, and `loadfromarchive` (4.3.1).
const CONTAINER_WORDS: ReadonlyMap<string, ContainerEvent['action']> = new Map([
  ['create', 'create'],
  ['start', 'start'],
  ['die', 'die'],
  ['died', 'die'],
  ['destroy', 'destroy'],
  ['remove', 'destroy'],
]);
const IMAGE_WORDS: ReadonlyMap<string, ImageEvent['action']> = new Map([
  ['pull', 'pull'],
  ['tag', 'tag'],
  ['untag', 'untag'],
  ['load', 'load'],
  ['loadfromarchive', 'load'],
  ['import', 'import'],
  ['delete', 'delete'],
  ['remove', 'delete'],
]);

/** Every word that any engine has for what we want to know. Those an engine does not have match nothing there. */
export const EVENT_FILTERS = JSON.stringify({
  type: ['container', 'image'],
  event: [...new Set([...CONTAINER_WORDS.keys(), ...IMAGE_WORDS.keys()])],
});

/** Longer than any reference: 255 for a name, 128 for a tag, 71 for a digest. */
const NAME_LIMIT = 512;
/** A runner sets twenty labels; an image's own come on top. */
const LABELS_LIMIT = 1_000;
const LABEL_LIMIT = 4_096;
const NANOS = 1e9;
/** The year 2200. */
const LATEST_NANOS = 7_258_118_400 * NANOS;

/** From API 1.52 on there is nothing else, and before it `status`, `id` and `from` say the same once more. */
const eventShape = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.nullish(z.string()), Attributes: z.nullish(z.record(z.string(), z.unknown())) }),
  /** Seconds. */
  time: z.nullish(z.number()),
  /** Larger than a double is exact for: off by up to 128 ns. */
  timeNano: z.nullish(z.number()),
});
type EventShape = z.infer<typeof eventShape>;

export type ParsedEvent =
  | { readonly ok: true; readonly event: EngineEvent }
  /** What kind of line it is that is not understood, in a few words that can be shown. */
  | { readonly ok: false; readonly kind: string };

/** One line of an engine's events. Throws nothing. */
export function parseEvent(line: string): ParsedEvent {
  const shape = eventShape.safeParse(parseJson(line));
  if (!shape.success) return { ok: false, kind: 'not an event' };
  const moment = momentOf(shape.data);
  if (moment === undefined) return { ok: false, kind: 'an event without a time' };
  const event = containerEvent(shape.data, moment) ?? imageEvent(shape.data, moment);
  if (event !== undefined) return { ok: true, event };
  // `exec_create: /bin/sh -c …`: the words of whoever executes it belong in no log.
  const [action = ''] = shape.data.Action.split(':');
  return { ok: false, kind: quote(`${shape.data.Type} ${action}`.slice(0, 64)) };
}

function containerEvent({ Type, Action, Actor }: EventShape, moment: Moment): ContainerEvent | undefined {
  const action = CONTAINER_WORDS.get(Action);
  const container = short(Actor.ID);
  if (Type !== 'container' || action === undefined || container === '') return undefined;
  // A label called `image` does not get here: both engines put their own word over it.
  const image = short(Actor.Attributes?.['image']);
  return { kind: 'container', action, container, image, labels: labelsOf(Actor.Attributes ?? {}), ...moment };
}

/**
 * Docker 20.10.24: `pull` has as ID the reference that was asked for, as people write it (`ruby:3.3`,
 * `quay.io/x@sha256:…`), and as name the repository alone. `tag` has the id and as name the new reference. `load`,
 * `import`, `untag` and `delete` have the id twice, so which name went is not told.
 * Podman 4.3.1: the id without `sha256:`, and the reference as name; no id for `pull`; for `loadfromarchive` neither,
 * but the path of its temporary file.
 */
function imageEvent({ Type, Action, Actor }: EventShape, moment: Moment): ImageEvent | undefined {
  const action = IMAGE_WORDS.get(Action);
  if (Type !== 'image' || action === undefined) return undefined;
  const id = toImageId(Actor.ID);
  const said = short(Actor.Attributes?.['name']);
  const name = toImageId(said) === undefined && !said.startsWith('/') ? said : '';
  if (id !== undefined) return { kind: 'image', action, image: id, name: name || undefined, ...moment };
  return { kind: 'image', action, image: short(Actor.ID) || name, name: undefined, ...moment };
}

/** A name, or nothing where it is too long to be one. */
function short(text: unknown): string {
  return typeof text === 'string' && text.length <= NAME_LIMIT ? text : '';
}

/** One that is too long is left out: cut off, it would say something else. */
function labelsOf(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const labels = Object.entries(attributes).filter(
    (entry): entry is [string, string] =>
      entry[0].length <= NAME_LIMIT && typeof entry[1] === 'string' && entry[1].length <= LABEL_LIMIT,
  );
  return Object.fromEntries(labels.slice(0, LABELS_LIMIT));
}

interface Moment {
  readonly at: Millis;
  readonly position: EventPosition;
}

function momentOf({ time, timeNano }: EventShape): Moment | undefined {
  const nanos = timeNano ?? (time ?? 0) * NANOS;
  if (nanos <= 0 || nanos > LATEST_NANOS) return undefined;
  return { at: Math.floor(nanos / 1e6) as Millis, position: toPosition(BigInt(Math.floor(nanos))) };
}
