import { join } from 'node:path';
import { makeImage } from '@sideband/infra/testkit/images';
import { processesOf } from '@sideband/infra/testkit/process-table';
import { type Sandbox, startSandbox } from '@sideband/infra/testkit/sandbox';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';

/** A dockerd of its own with many images, for the watchers to watch. */
export interface Stage {
  readonly directory: string;
  readonly sandbox: Sandbox;
  readonly imageIds: readonly string[];
  /** Of the engine, containerd included. */
  readonly enginePids: readonly number[];
  stop(): Promise<void>;
}

const DISK_BYTES = 2 * 2 ** 30;
const IMAGE_BYTES = 10_000;

export async function openStage(images: number): Promise<Stage> {
  const { path: directory, remove } = await temporaryDirectory('watch-cost');
  let sandbox: Sandbox | undefined;
  try {
    const engine = join(directory, 'engine');
    const started = await startSandbox({ directory: engine, diskBytes: DISK_BYTES });
    sandbox = started;
    const imageIds: string[] = [];
    for (let index = 0; index < images; index += 1) {
      const names = [`bench.example.com/group/project-${index}:1`];
      const layers = [{ seed: `watched-${index}`, bytes: IMAGE_BYTES }];
      imageIds.push(await makeImage(started.docker, { names, layers }));
    }
    const enginePids = await processesOf([], [engine]);
    return {
      ...{ directory, imageIds, enginePids },
      sandbox: started,
      stop: async () => {
        await started.stop();
        await remove();
      },
    };
  } catch (error) {
    await sandbox?.stop();
    await remove();
    throw error;
  }
}
