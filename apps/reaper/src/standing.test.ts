import type { HostName } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { createStanding } from './standing.ts';

const host = (name: string): HostName => name as HostName;

test('says nothing where all is well, and a sentence for each thing that is not', () => {
  const known = { isWatching: true, isElsewhere: false };
  const notice = { sharesEngineWith: [] as HostName[], sharesManagerWith: [] as HostName[] };
  const standing = createStanding({
    watch: { status: () => ({ isWatching: known.isWatching, since: 0 as never, gaps: 0, events: 0 }) },
    place: { isElsewhere: () => known.isElsewhere },
    notice: () => notice,
  });
  expect(standing.now()).toEqual({ isWatching: true, disagreements: 0, warnings: [] });

  known.isWatching = false;
  known.isElsewhere = true;
  notice.sharesEngineWith.push(host('twin'));
  notice.sharesManagerWith.push(host('clone-1'), host('clone-2'));
  standing.disagreed();
  const { disagreements, warnings } = standing.now();
  expect(disagreements).toBe(1);
  expect(warnings).toEqual([
    expect.stringContaining('nothing is evicted'),
    expect.stringContaining('events are not seen'),
    expect.stringContaining('as twin'),
    expect.stringContaining('clone-1, clone-2'),
  ]);
});
