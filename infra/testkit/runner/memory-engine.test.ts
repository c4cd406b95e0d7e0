import { createMemoryEngine } from '@sideband/reaper/engine/memory-engine';
import type { ImageId } from '@sideband/reaper/engine/port';
import { describeRunnerEngine } from './engine.suite.ts';
import { memoryRunnerEngine, type OfferedImage } from './memory-engine.ts';

const MEBIBYTE = 2 ** 20;

describeRunnerEngine('the in-memory engine', async () => {
  const memory = createMemoryEngine();
  const offered = new Map([
    ['registry.test/tools/ruby:3.3', image('registry.test/tools/ruby', 'a', MEBIBYTE)],
    ['registry.test/tools/huge:1', image('registry.test/tools/huge', 'b', 600 * MEBIBYTE)],
  ]);
  return {
    engine: memoryRunnerEngine(memory, { offered, diskBytes: 400 * MEBIBYTE }),
    offered: 'registry.test/tools/ruby:3.3',
    tooLarge: 'registry.test/tools/huge:1',
    containers: () => memory.containers(),
    evict: async (id) => void (await memory.remove(id as ImageId)),
    close: async () => {},
  };
});

function image(repository: string, digit: string, bytes: number): OfferedImage {
  const digests = [`${repository}@sha256:${digit.repeat(64)}`];
  return { digests, layers: [{ chain: `sha256:${digit.repeat(64)}`, bytes }] };
}
