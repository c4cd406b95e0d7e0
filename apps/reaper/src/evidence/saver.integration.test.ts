import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fillTo } from '@sideband/infra/testkit/filler';
import { mountLoopDisk, unmount } from '@sideband/infra/testkit/mounts';
import { whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { ManualClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventPosition } from '../engine/port.ts';
import { aUse, identity, later, MINUTE, NOON, seen } from './evidence.suite.ts';
import { everything, open } from './local-evidence.suite.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('evidence');
});
afterEach(() => directory.remove());

test('the log goes into the snapshot when it passes 1 MB', async () => {
  const { local } = await open(directory.path);
  for (let i = 0; i < 40; i += 1) {
    const identities = Array.from({ length: 500 }, (_, n) => identity(i * 500 + n));
    await local.note(seen({ uses: [aUse({ identities, at: later(i) })] }));
    const { size } = await stat(join(directory.path, 'evidence.log')).catch(() => ({ size: 0 }));
    expect(size).toBeLessThanOrEqual(1_000_000);
  }
  expect(await readdir(directory.path)).toContain('evidence.json');
  expect((await open(directory.path)).local.read(NOON).lastUses).toEqual(local.read(NOON).lastUses);
});

describe('killed by SIGKILL at any moment', () => {
  test('it has lost nothing it acknowledged, and no event is skipped', async () => {
    let next = 0;
    for (const acknowledgements of [1, 5, 40, 90, 130, 170]) {
      const child = noteFrom(directory.path, next);
      const ended = once(child, 'exit');
      let acknowledged = next - 1;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        if (acknowledged >= next + acknowledgements) break;
      }
      child.kill('SIGKILL');
      await ended;
      const { local } = await open(directory.path);
      const { lastUses } = local.read(NOON);
      const position = Number(local.position());
      expect(position).toBeGreaterThanOrEqual(acknowledged);
      // Of all that was noted the newest 20,000 are kept.
      for (let i = Math.max(0, position - 199); i <= position; i += 1)
        expect(lastUses.get(identity(100 * i))?.at).toBe(later(i));
      expect(lastUses.size).toBe(Math.min(100 * (position + 1), 20_000));
      next = position + 1;
    }
    // So often that the log went into the snapshot meanwhile.
    expect(await readdir(directory.path)).toContain('evidence.json');
  });
});

/** A process that notes 100 identities at a time, five times at once, and says how far it is. */
function noteFrom(path: string, first: number) {
  const script = `
    const { openLocalEvidence } = await import(${JSON.stringify(new URL('./local-evidence.ts', import.meta.url).href)});
    const { aUse, HOST, identity, later, seen } = await import(${JSON.stringify(new URL('./evidence.suite.ts', import.meta.url).href)});
    const { silentLog } = await import('@sideband/shared/log');
    const clock = { now: () => later(0) };
    const options = { stateDirectory: ${JSON.stringify(path)}, host: HOST, clock, staleAfterMs: 1, log: silentLog() };
    const local = await openLocalEvidence(options);
    let next = ${first};
    for (;;) {
      await Promise.all(Array.from({ length: 5 }, async () => {
        const i = next++;
        const identities = Array.from({ length: 100 }, (_, n) => identity(100 * i + n));
        await local.note(seen({ uses: [aUse({ identities, at: later(i) })], position: String(i) }));
        process.stdout.write(i + '\\n');
      }));
    }
  `;
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', script];
  return spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
}

skipBecause(whyNoSandbox()).describe('on a disk that is really full', () => {
  let state: string;

  beforeEach(async () => {
    state = join(directory.path, 'state');
    await mkdir(state);
    const file = join(directory.path, 'disk.img');
    await mountLoopDisk({ file, mountPoint: state, bytes: 32_000_000 });
  });
  afterEach(() => unmount(state));

  /** 100 identities: more than what is left in the log's last block. */
  function many(i: number) {
    const identities = Array.from({ length: 100 }, (_, n) => identity(100 * i + n));
    return seen({ uses: [aUse({ identities, at: later(i) })], position: String(i) as EventPosition });
  }

  test('what is noted stays in memory, and is written when there is room', async () => {
    const { local, said } = await open(state);
    await local.note(many(1));
    const filler = await fillTo(state, 0);
    await local.note(many(2));
    await local.note(many(3));
    expect([local.read(NOON).lastUses.size, local.position()]).toEqual([300, '3']);
    expect(said).toMatchObject([{ level: 50, err: { message: expect.stringContaining('ENOSPC') } }]);
    const killed = await open(state);
    expect([killed.local.read(NOON).lastUses.size, killed.local.position()]).toEqual([100, '1']);
    await filler.remove();
    await local.note(many(4));
    expect(said).toHaveLength(2);
    const next = await open(state);
    expect(everything(next.local)).toEqual(everything(local));
  });

  test('more than a log can hold waits as a snapshot, and no position runs ahead of it', async () => {
    const clock = new ManualClock(NOON);
    const { local, said } = await open(state, clock);
    await local.note(many(1));
    const filler = await fillTo(state, 0);
    for (let i = 2; i < 202; i += 1) await local.note(many(i));
    const killed = await open(state);
    expect([killed.local.read(NOON).lastUses.size, killed.local.position()]).toEqual([100, '1']);
    await filler.remove();
    clock.advance(MINUTE);
    await local.note(many(202));
    expect(said).toHaveLength(2);
    expect((await readdir(state)).sort()).toEqual(['evidence.json', 'lost+found']);
    const next = await open(state);
    expect(everything(next.local)).toEqual(everything(local));
    expect(next.local.position()).toBe('202');
  });

  test('a close that cannot be written leaves what was there', async () => {
    const { local } = await open(state);
    await local.note(many(1));
    const filler = await fillTo(state, 0);
    await local.close();
    expect((await readdir(state)).sort()).toEqual(['evidence.log', 'filler', 'lost+found']);
    await filler.remove();
    expect((await open(state)).local.position()).toBe('1');
  });
});
