import { execFile } from 'node:child_process';
import { mkdir, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStatfsDisk } from './statfs-disk.ts';

const run = promisify(execFile);
const noSandbox = whyNoSandbox();

skipBecause(noSandbox).describe('a loop disk', () => {
  let directory: TemporaryDirectory;
  let root: string;

  beforeAll(async () => {
    directory = await temporaryDirectory('disk');
    root = join(directory.path, 'root');
    const file = join(directory.path, 'disk.img');
    await mkdir(root);
    await writeFile(file, '');
    await truncate(file, 64_000_000);
    // With blocks reserved for root, as an installer makes it: df leaves them out, and so must we.
    await run('mkfs.ext4', ['-q', '-m', '5', file]);
    await run('mount', ['-o', 'loop', file, root]);
  });
  afterAll(async () => {
    await run('umount', [root]);
    await directory.remove();
  });

  test('is measured as df measures it, also when it is nearly full', async () => {
    const disk = createStatfsDisk({ roots: [root] });
    for (const bytes of [1_000, 30_000_000]) {
      await writeFile(join(root, `file-${bytes}`), Buffer.alloc(bytes, 'x'));
      await run('sync', ['--file-system', root]);
      const [reading] = await disk.read();
      const df = await dfOf(root);
      expect(reading?.freeBytes).toBe(df.avail);
      expect(reading?.totalBytes).toBe(df.used + df.avail);
      expect(reading?.totalBytes).toBeLessThan(df.size);
      expect(reading?.totalInodes).toBe(df.itotal);
      expect(reading?.freeInodes).toBe(df.iavail);
      const used = 1 - (reading?.freeBytes ?? 0) / (reading?.totalBytes ?? 0);
      expect(Math.ceil(used * 100)).toBe(df.pcent);
    }
  });

  test('is one reading for all roots on it, another filesystem is another', async () => {
    const inside = join(root, 'inside');
    const link = join(directory.path, 'link');
    await mkdir(inside);
    await symlink(root, link);
    const readings = await createStatfsDisk({ roots: [root, inside, link, directory.path] }).read();
    expect(readings.map((reading) => reading.path)).toEqual([root, directory.path]);
    expect(readings[0]?.device).not.toBe(readings[1]?.device);
  });

  test('is not touched by looking at it', async () => {
    const before = [await readdir(root), (await stat(root)).atimeMs, (await stat(root)).mtimeMs];
    await createStatfsDisk({ roots: [root] }).read();
    expect([await readdir(root), (await stat(root)).atimeMs, (await stat(root)).mtimeMs]).toEqual(before);
  });

  test('beside a root that is not there is not measured in its place', async () => {
    const missing = join(root, 'missing');
    await expect(createStatfsDisk({ roots: [root, missing] }).read()).rejects.toMatchObject({
      code: 'DISK_UNREADABLE',
      details: { path: missing },
    });
    expect(await readdir(root)).not.toContain('missing');
  });
});

test('no root at all is an error', async () => {
  await expect(createStatfsDisk({ roots: [] }).read()).rejects.toMatchObject({ code: 'DISK_UNREADABLE' });
});

async function dfOf(path: string) {
  const columns = 'size,used,avail,pcent,itotal,iavail';
  const { stdout } = await run('df', ['-B1', `--output=${columns}`, path]);
  const [size, used, avail, pcent, itotal, iavail] = (stdout.trim().split('\n')[1] ?? '')
    .trim()
    .split(/\s+/)
    .map((text) => Number(text.replace('%', '')));
  if (size === undefined || used === undefined || avail === undefined) throw new Error(`df said ${stdout}`);
  return { size, used, avail, pcent, itotal, iavail };
}
