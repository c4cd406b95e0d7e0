import { join } from 'node:path';
import type { EngineInfo } from './answers.ts';

const CONTAINERD_ROOT = '/var/lib/containerd';

/**
 * Where this engine keeps its layers. With the containerd image store that is containerd's own root and not
 * Docker's (moby#50517): containerd's default, or a directory of ours where dockerd started containerd itself
 * (`--containerd` not given; libcontainerd/supervisor). Another root has to be named by the operator.
 */
export function imageRootsOf(info: EngineInfo): readonly string[] {
  if (!usesContainerdStore(info)) return [info.DockerRootDir];
  const address = info.Containerd?.Address ?? '';
  const isManaged =
    address.endsWith('/containerd/containerd.sock') && address !== '/run/containerd/containerd.sock';
  return [isManaged ? join(info.DockerRootDir, 'containerd', 'daemon') : CONTAINERD_ROOT];
}

export function usesContainerdStore(info: EngineInfo): boolean {
  const status = info.DriverStatus ?? [];
  return status.some(([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1');
}
