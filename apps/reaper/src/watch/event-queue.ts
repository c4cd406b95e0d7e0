import type { ContainerEvent, EngineContainer, ImageEvent } from '../engine/port.ts';
import { type LabelledContainer, readRunnerLabels } from './runner-labels.ts';

/** A container's event without its labels, which anybody may make as large as he likes. */
export interface LabelledEvent extends Omit<ContainerEvent, 'labels'> {
  readonly labelled: LabelledContainer;
}

export interface ContainerList {
  readonly kind: 'list';
  readonly containers: readonly EngineContainer[];
}

export type Waiting = LabelledEvent | ImageEvent | ContainerList;

/** What has been taken off the stream and waits to be looked up, oldest first. */
export interface EventQueue {
  /** False where there is no room, even after all that says the same has been made one: it was not taken. */
  push(waiting: Waiting): boolean;
  shift(): Waiting | undefined;
  readonly size: number;
}

const COMPACT_AT = 5_000;
/** About 1 kB each (measured). */
const MAX_WAITING = 20_000;

/**
 * Of the uses of one image by one job only the newest counts, so where many wait the older ones are left out. What
 * is left out lies before the one that stays, so no position is passed over.
 */
export function createEventQueue(): EventQueue {
  let waiting: Waiting[] = [];
  let next = 0;
  let compactAt = COMPACT_AT;
  let isFull = false;

  function compact(): void {
    waiting = newestOfEach(waiting.slice(next));
    next = 0;
    compactAt = Math.max(COMPACT_AT, Math.min(2 * waiting.length, MAX_WAITING));
    isFull = waiting.length >= MAX_WAITING;
  }

  return {
    push: (each) => {
      if (!isFull && waiting.length - next >= compactAt) compact();
      // There is one list in ten minutes, and without it nobody knows what the events left out.
      if (isFull && each.kind !== 'list') return false;
      waiting.push(each);
      return true;
    },
    shift: () => {
      const first = waiting[next];
      if (first === undefined) {
        waiting = [];
        next = 0;
        compactAt = COMPACT_AT;
        return undefined;
      }
      next += 1;
      // Not at once, or each event that comes would have all of them compared again.
      if (waiting.length - next <= MAX_WAITING / 2) isFull = false;
      return first;
    },
    get size() {
      return waiting.length - next;
    },
  };
}

export function withoutLabels({ labels, ...event }: ContainerEvent): LabelledEvent {
  return { ...event, labelled: readRunnerLabels(labels) };
}

function newestOfEach(all: readonly Waiting[]): Waiting[] {
  const seen = new Set<string>();
  const kept = all.toReversed().filter((each) => {
    const said = whatItSays(each);
    const isNews = !seen.has(said);
    seen.add(said);
    return isNews;
  });
  return kept.reverse();
}

function whatItSays(each: Waiting): string {
  if (each.kind === 'list') return 'list';
  if (each.kind === 'image') return JSON.stringify([each.action, each.image, each.name]);
  const { role, job } = each.labelled;
  return JSON.stringify([each.image, role, job?.projectUrl, job?.job]);
}
