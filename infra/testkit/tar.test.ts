import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { layerTar, sha256 } from './layer.ts';
import { tar, tarBytes } from './tar.ts';

test('the tar program reads what we write', () => {
  const archive = tar({
    'one.txt': Buffer.from('1'),
    'a/b/two.txt': Buffer.alloc(513, 'x'),
    empty: Buffer.alloc(0),
  });
  const listed = spawnSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc'], { input: archive });
  expect(listed.stderr.toString()).toBe('');
  expect(listed.stdout.toString().trimEnd().split('\n')).toEqual([
    '-rw-r--r-- 0/0               1 1970-01-01 00:00 one.txt',
    '-rw-r--r-- 0/0             513 1970-01-01 00:00 a/b/two.txt',
    '-rw-r--r-- 0/0               0 1970-01-01 00:00 empty',
  ]);
});

test('a name that does not fit is refused', () => {
  expect(() => tar({ ['n'.repeat(101)]: Buffer.alloc(0) })).toThrow(/too long/);
});

test.each([0, 1, 511, 512, 513, 1 << 20, (1 << 20) + 1])(
  'a layer of %i bytes has the size announced',
  (bytes) => {
    const layer = Buffer.concat([...layerTar({ seed: 's', bytes })]);
    expect(layer.length).toBe(tarBytes(bytes));
    const out = spawnSync('tar', ['--extract', '--to-stdout'], { input: layer, maxBuffer: 1 << 22 });
    expect(out.stdout.length).toBe(bytes);
  },
);

test('equal recipes make equal layers, others make others', () => {
  const digest = (seed: string, bytes: number): string => sha256(layerTar({ seed, bytes }));
  expect(digest('a', 1000)).toBe(digest('a', 1000));
  expect(new Set([digest('a', 1000), digest('b', 1000), digest('a', 1001)]).size).toBe(3);
});
