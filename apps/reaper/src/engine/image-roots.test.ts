import { expect, test } from 'vitest';
import { imageRootsOf } from './image-roots.ts';

const ROOT = '/var/lib/docker';
const CONTAINERD_STORE = [['driver-type', 'io.containerd.snapshotter.v1']];

test('the classic store is in the data root, whatever else the driver says', () => {
  const status = [['Backing Filesystem', 'extfs'], []];
  expect(imageRootsOf({ DockerRootDir: ROOT, Driver: 'overlay2', DriverStatus: status })).toEqual([ROOT]);
  expect(imageRootsOf({ DockerRootDir: ROOT, DriverStatus: null })).toEqual([ROOT]);
});

test.each([undefined, '/run/containerd/containerd.sock'])(
  'the containerd store of a containerd at %s',
  (Address) => {
    const info = { DockerRootDir: ROOT, DriverStatus: CONTAINERD_STORE, Containerd: { Address } };
    expect(imageRootsOf(info)).toEqual(['/var/lib/containerd']);
  },
);

test('the containerd store of a containerd that dockerd started', () => {
  const Containerd = { Address: '/var/run/docker/containerd/containerd.sock' };
  expect(imageRootsOf({ DockerRootDir: ROOT, DriverStatus: CONTAINERD_STORE, Containerd })).toEqual([
    '/var/lib/docker/containerd/daemon',
  ]);
});
