import { expect, test } from 'vitest';
import { installCommand, isNewEnough, missingFor, rootPrefix } from './packages.mjs';

test('asks for nothing where everything is there', () => {
  for (const step of ['redis', 'docker', 'podman', 'chromium']) {
    expect(missingFor(step, () => true)).toEqual({ commands: [], packages: [] });
  }
});

test('asks for the packages of the missing commands alone', () => {
  const there = new Set(['dockerd', 'mkfs.ext4', 'losetup', 'fallocate']);
  expect(missingFor('docker', (command) => there.has(command))).toEqual({
    commands: ['iptables', 'busybox'],
    packages: ['iptables', 'busybox-static'],
  });
});

test('asks for Podman alone beside a Docker that is there', () => {
  const there = new Set(['dockerd', 'runc', 'busybox', 'mount', 'unshare']);
  expect(missingFor('podman', (command) => there.has(command))).toEqual({
    commands: ['podman'],
    packages: ['podman'],
  });
});

test('asks on a bare machine for all of them', () => {
  expect(missingFor('docker', () => false).packages).toEqual([
    'docker.io',
    'iptables',
    'busybox-static',
    'e2fsprogs',
    'mount',
    'util-linux',
  ]);
  expect(missingFor('redis', () => false).packages).toEqual(['redis-server']);
  expect(missingFor('podman', () => false).packages).toEqual([
    'podman',
    'runc',
    'busybox-static',
    'mount',
    'util-linux',
  ]);
  expect(missingFor('chromium', () => false).packages).toEqual(['chromium']);
});

test('becomes root only where that takes no question', () => {
  const never = (): boolean => {
    throw new Error('asked without need');
  };
  expect(rootPrefix({ isRoot: true, hasApt: true, mayDoAnything: never })).toEqual([]);
  expect(rootPrefix({ isRoot: true, hasApt: false, mayDoAnything: never })).toBeUndefined();
  expect(rootPrefix({ isRoot: false, hasApt: true, mayDoAnything: () => true })).toEqual(['sudo', '-n']);
  expect(rootPrefix({ isRoot: false, hasApt: true, mayDoAnything: () => false })).toBeUndefined();
});

test('gives a person a command to copy', () => {
  expect(installCommand(['docker.io', 'iptables'])).toBe(
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends docker.io iptables',
  );
});

test.each([
  ['20.19.0', true],
  ['20.20.2', true],
  ['20.18.9', false],
  ['18.20.0', false],
  ['22.0.0', true],
])('Node %s is new enough for 20.19: %s', (version, expected) => {
  expect(isNewEnough(version, '20.19')).toBe(expected);
});
