import type { Millis } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import type { EventPosition } from '../engine/port.ts';
import { createEventQueue, type EventQueue, type Waiting, withoutLabels } from './event-queue.ts';
import { runnerLabels } from './watch-lab.suite.ts';

function anEvent(count: number, job: number, image = 'ruby'): Waiting {
  return withoutLabels({
    kind: 'container',
    action: 'start',
    container: `c${count}`,
    image,
    labels: runnerLabels(job, 'build'),
    at: count as Millis,
    position: `${count}.0` as EventPosition,
  });
}

function drain(queue: EventQueue): Waiting[] {
  const all: Waiting[] = [];
  for (let each = queue.shift(); each !== undefined; each = queue.shift()) all.push(each);
  return all;
}

describe('what waits', () => {
  it('comes out as it went in', () => {
    const queue = createEventQueue();
    const events = [anEvent(1, 1), anEvent(2, 1), anEvent(3, 2)];
    for (const event of events) queue.push(event);
    expect(queue.size).toBe(3);
    expect(drain(queue)).toEqual(events);
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  });

  it('is the newest use of each image by each job, once there are many', () => {
    const queue = createEventQueue();
    for (let count = 1; count <= 100_000; count += 1) {
      expect(queue.push(anEvent(count, (count % 100) + 1, `image${count % 3}`))).toBe(true);
    }
    expect(queue.size).toBeLessThan(6_000);
    const left = drain(queue);
    const newest = left.slice(-300).map((each) => (each.kind === 'container' ? each.at : 0));
    expect(newest).toEqual(Array.from({ length: 300 }, (_, index) => 99_701 + index));
    // Positions only go forward, so none is passed over.
    const positions = left.map((each) => (each.kind === 'list' ? 0 : Number(each.position)));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it('is refused when there is no room although each says something else', () => {
    const queue = createEventQueue();
    let taken = 0;
    for (let count = 1; count <= 50_000; count += 1) taken += queue.push(anEvent(count, count)) ? 1 : 0;
    expect(taken).toBe(20_000);
    expect(queue.size).toBe(20_000);
    expect(queue.push({ kind: 'list', containers: [] })).toBe(true);
    drain(queue);
    expect(queue.push(anEvent(1, 1))).toBe(true);
  });

  it('keeps of lists the last', () => {
    const queue = createEventQueue();
    for (let count = 1; count <= 5_001; count += 1) queue.push({ kind: 'list', containers: [] });
    expect(queue.size).toBe(2);
  });

  it('holds no labels but what they say', () => {
    const event = anEvent(1, 77);
    expect(event).not.toHaveProperty('labels');
    expect(event).toMatchObject({ labelled: { role: 'build', job: { job: 77 } } });
  });
});
