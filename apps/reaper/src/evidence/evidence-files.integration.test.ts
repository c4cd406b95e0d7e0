import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventPosition, ImageId } from '../engine/port.ts';
import { aUse, HOST, identity, NOON, RUBY, RUBY_ID, seen } from './evidence.suite.ts';
import { everything, NOTED, open, POSITION } from './local-evidence.suite.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('evidence');
});
afterEach(() => directory.remove());

describe('files that are not as they should be', () => {
  test.each([
    ['an unknown version', '{"version":2,"everything":"else"}'],
    ['half a file', '{"version":1,"lastUses":[["17952'],
    ['nothing', ''],
    ['something else', '\u0000\u0000\u0000'],
  ])('%s in place of the snapshot is set aside, and the log still counts', async (_, text) => {
    const first = await open(directory.path);
    await first.local.note(NOTED);
    const before = everything(first.local);
    await writeFile(join(directory.path, 'evidence.json'), text);
    const { local, said } = await open(directory.path);
    expect(everything(local)).toEqual(before);
    expect(said).toMatchObject([{ level: 50, host: HOST }]);
    await local.close();
    expect(await readdir(directory.path)).toEqual(['evidence.json', 'evidence.json.unreadable']);
    expect(await readFile(join(directory.path, 'evidence.json.unreadable'), 'utf8')).toBe(text);
    expect(everything((await open(directory.path)).local)).toEqual(before);
  });

  test('a snapshot that is a directory stops nobody', async () => {
    await mkdir(join(directory.path, 'evidence.json'));
    const { local } = await open(directory.path);
    await local.note(NOTED);
    await local.close();
    expect((await open(directory.path)).local.position()).toBe(POSITION);
  });

  test('a line that was cut off, and garbage, harm only themselves', async () => {
    const { local } = await open(directory.path);
    await local.note(NOTED);
    const path = join(directory.path, 'evidence.log');
    const whole = await readFile(path, 'utf8');
    await writeFile(path, `${whole}${whole.slice(0, 40)}\n\u0000\u0000\nnonsense`);
    const next = await open(directory.path);
    await next.local.note(seen({ uses: [aUse({ identities: [identity(2)] })] }));
    const last = await open(directory.path);
    expect(last.said).toMatchObject([{ level: 40, cut: 3, foreign: 0 }]);
    expect([...last.local.read(NOON).lastUses.keys()]).toEqual([RUBY_ID, RUBY, identity(2)]);
    await last.local.close();
    expect(await readdir(directory.path)).toEqual(['evidence.json']);
  });

  test('lines of another version are kept for it', async () => {
    const { local } = await open(directory.path);
    await local.note(NOTED);
    const path = join(directory.path, 'evidence.log');
    await writeFile(path, '\n{"version":2,"later":"days"}', { flag: 'a' });
    const next = await open(directory.path);
    expect(everything(next.local)).toEqual(everything(local));
    await next.local.close();
    expect(await readdir(directory.path)).toEqual(['evidence.json', 'evidence.log.unreadable']);
    expect(await readFile(`${path}.unreadable`, 'utf8')).toContain('"later":"days"');
  });

  test('killed between the snapshot and the end of its log, nothing is said twice', async () => {
    const { local } = await open(directory.path);
    await local.note(NOTED);
    await local.note(
      seen({ deleted: [identity(9) as string as ImageId], position: '1795262401.5' as EventPosition }),
    );
    const path = join(directory.path, 'evidence.log');
    const lines = await readFile(path);
    await local.close();
    await writeFile(path, lines);
    const next = await open(directory.path);
    expect(everything(next.local)).toEqual(everything(local));
  });
});
