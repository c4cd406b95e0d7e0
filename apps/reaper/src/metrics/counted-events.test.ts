import { systemClock } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { startFollowing } from '../engine/following.suite.ts';
import { createMemoryEngine } from '../engine/memory-engine.ts';
import { countedEvents } from './counted-events.ts';
import { parseExposition } from './exposition.suite.ts';
import { createMetrics } from './metrics.ts';

test('events go through, and are counted by what they are', async () => {
  const memory = createMemoryEngine();
  const metrics = createMetrics(systemClock);
  const image = memory.addImage({
    tags: ['docker.io/library/ruby:3.3'],
    layers: [{ chain: 'ruby', bytes: 100 }],
    arrivedAt: 0,
  });
  const following = await startFollowing(countedEvents(memory, metrics));
  const container = memory.addContainer({ image });
  await following.first(`container create ${container}`);
  await following.stop();

  const family = parseExposition(await metrics.text()).get('sideband_reaper_watch_events_total');
  expect(Object.fromEntries(family?.values ?? [])).toMatchObject({
    'kind="container",action="create"': 1,
    'kind="container",action="destroy"': 0,
  });
});
