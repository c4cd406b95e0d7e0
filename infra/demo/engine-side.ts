import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryDisk } from '@sideband/reaper/disk/memory-disk';
import type { Disk } from '@sideband/reaper/disk/port';
import { createStatfsDisk } from '@sideband/reaper/disk/statfs-disk';
import { createMemoryEngine } from '@sideband/reaper/engine/memory-engine';
import type { Engine } from '@sideband/reaper/engine/port';
import { fillTo } from '../testkit/filler.ts';
import type { Ledger } from '../testkit/ledger.ts';
import { startRegistry } from '../testkit/registry.ts';
import { dockerEngine } from '../testkit/runner/docker-engine.ts';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import { memoryRunnerEngine } from '../testkit/runner/memory-engine.ts';
import { startSandbox } from '../testkit/sandbox.ts';
import { DISK_ROOM_BYTES } from './demo-policy.ts';
import { countLayers, type LayerTally } from './layer-tally.ts';
import type { DemoOptions } from './options.ts';
import type { Week } from './week/load-week.ts';

/** Where the simulated runner and the reaper both work. */
export interface EngineSide {
  /** `docker 20.10.24` or `in-memory`. */
  readonly name: string;
  readonly runner: RunnerEngine;
  readonly disk: Disk;
  readonly tally: () => LayerTally;
  /** How the reaper reaches it: over a socket, or as an object in this very process. */
  readonly reach: { readonly socketPath: string } | { readonly engine: Engine };
  stop(): Promise<void>;
}

const SANDBOX_DISK_BYTES = 2 * 2 ** 30;

/** A real dockerd of our own on a small loop disk, and a registry that serves the week's images under their names. */
export async function sandboxSide(
  week: Week,
  options: DemoOptions,
  place: { readonly directory: string; readonly cacheDirectory: string; readonly ledger: Ledger },
): Promise<EngineSide> {
  const registry = await startRegistry(
    { images: [...week.images.values()], layers: week.layerBytes },
    { cacheDirectory: place.cacheDirectory },
  );
  const sandbox = await startSandbox({
    directory: join(place.directory, 'engine'),
    diskBytes: SANDBOX_DISK_BYTES,
    proxyUrl: registry.url,
    insecureRegistries: registry.names,
    ledger: place.ledger,
  }).catch(async (error: unknown) => {
    // Left listening, it would keep the program from ending.
    await registry.stop();
    throw error;
  });
  // What the week does not need is taken away, so that the disk itself becomes the limit.
  if (options.limit !== 'budget') await fillTo(sandbox.dataRoot, DISK_ROOM_BYTES);
  const { Version: version } = await sandbox.docker.version();
  return {
    name: `docker ${version}`,
    runner: dockerEngine(sandbox.docker),
    disk: createStatfsDisk({ roots: [sandbox.dataRoot] }),
    tally: () => countLayers(registry.served().layerPulls, week.layerBytes),
    reach: { socketPath: sandbox.socketPath },
    stop: async () => {
      await sandbox.stop();
      await registry.stop();
    },
  };
}

/** The same week where no engine of our own can be started. Nothing is stored; only sizes are counted. */
export function memorySide(week: Week, options: DemoOptions): EngineSide {
  const capacityBytes = options.limit === 'budget' ? SANDBOX_DISK_BYTES : DISK_ROOM_BYTES;
  const engine = createMemoryEngine();
  const pulls = new Map<number, number>();
  const offered = new Map(
    [...week.images].map(([id, { reference, layers }]) => {
      const chains = layers.map((layer) => ({
        chain: `sha256:${layer}`,
        bytes: week.layerBytes.get(layer) ?? 0,
      }));
      return [reference, { digests: [digestOf(reference, id)], layers: chains }] as const;
    }),
  );
  const runner = memoryRunnerEngine(engine, { offered, diskBytes: capacityBytes });
  const byReference = new Map([...week.images.values()].map((image) => [image.reference, image.layers]));
  return {
    name: 'in-memory',
    runner: {
      ...runner,
      pull: async (reference) => {
        const present = new Set(
          (await engine.images()).flatMap((image) => image.layers.map(({ chain }) => `${chain}`)),
        );
        await runner.pull(reference);
        for (const layer of byReference.get(reference) ?? []) {
          if (!present.has(`sha256:${layer}`)) pulls.set(layer, (pulls.get(layer) ?? 0) + 1);
        }
      },
    },
    disk: createMemoryDisk(engine, { capacityBytes }),
    tally: () => countLayers(pulls, week.layerBytes),
    // A real deletion takes 7 ms; here too no two of them may fall into the same millisecond of the journal.
    reach: { engine: { ...engine, remove: (target) => sleep(2).then(() => engine.remove(target)) } },
    stop: async () => undefined,
  };
}

function digestOf(reference: string, id: number): string {
  const repository = reference.slice(0, reference.lastIndexOf(':'));
  return `${repository}@sha256:${id.toString(16).padStart(64, '0')}`;
}
