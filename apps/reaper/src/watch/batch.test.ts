import type { Millis } from '@sideband/shared/clock';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import { expect, it } from 'vitest';
import type { EventPosition, ImageId } from '../engine/port.ts';
import { NOTHING_SEEN } from '../evidence/sightings.ts';
import { createBatch } from './batch.ts';

const ID = `sha256:${'a'.repeat(64)}`;

function aUse(at: number, identity = ID): Use {
  const moment = at as Millis;
  const identities = [identity as Identity];
  return {
    job: undefined,
    jobName: '',
    role: 'container',
    identities,
    at: moment,
    receivedAt: moment,
    source: 'watch',
  };
}

it('says each thing once, the newest use of an image last', () => {
  const batch = createBatch();
  const claim = { gitlab: 'gitlab.example.com', project: 1, job: 2 } as never;
  for (const at of [3, 1, 2]) batch.add({ ...NOTHING_SEEN, uses: [aUse(at)], claims: [claim] });
  batch.add({ ...NOTHING_SEEN, uses: [aUse(2, 'docker.io/library/ruby:3.3')] });
  const { uses, claims } = batch.take();
  expect(uses.map(({ at, identities }) => [at, identities[0]])).toEqual([
    [2, 'docker.io/library/ruby:3.3'],
    [3, ID],
  ]);
  expect(claims).toEqual([claim]);
});

it('ends where the last event did, also if a list came after it, and is empty when it was taken', () => {
  const batch = createBatch();
  batch.add({ ...NOTHING_SEEN, position: '1.0' as EventPosition });
  batch.add(NOTHING_SEEN);
  expect(batch.isEmpty).toBe(false);
  expect(batch.take()).toEqual({ ...NOTHING_SEEN, position: '1.0' });
  expect(batch.isEmpty).toBe(true);
  expect(batch.take()).toEqual(NOTHING_SEEN);
});

it('says of no image both that it came and that it went', () => {
  const came = { ...NOTHING_SEEN, builtHere: [ID as Identity] };
  const pulled = { ...NOTHING_SEEN, pulled: [ID as Identity] };
  const went = { ...NOTHING_SEEN, deleted: [ID as ImageId] };
  for (const [first, second] of [
    [came, went],
    [pulled, went],
    [went, came],
    [went, pulled],
  ] as const) {
    const batch = createBatch();
    batch.add(first);
    expect([batch.clashes(first), batch.clashes(second)]).toEqual([false, true]);
    batch.take();
    expect(batch.clashes(second)).toBe(false);
  }
});
