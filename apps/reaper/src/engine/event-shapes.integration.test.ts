import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { ManualClock } from '@sideband/shared/clock';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDockerEngine } from './dockerode-engine.ts';
import { type Following, startFollowing } from './following.suite.ts';
import { type Handler, type MadeUpEngine, playEngine } from './made-up-engine.suite.ts';
import type { Engine, EventPosition } from './port.ts';

const NOW = 1_795_311_900_000;
const ID = 'a'.repeat(64);

let directory: TemporaryDirectory;
let playing: MadeUpEngine | undefined;
let following: Following | undefined;
let engine: Engine;
let logged: { readonly kind: string; readonly count: number }[];

beforeEach(async () => {
  directory = await temporaryDirectory('event-shapes');
  logged = [];
  const log = pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const socket = `unix://${join(directory.path, 'engine.sock')}` as const;
  engine = createDockerEngine({ socket, log, clock: new ManualClock(NOW) });
});
afterEach(async () => {
  await following?.stop().catch(() => undefined);
  await playing?.stop();
  await directory.remove();
});

async function play(version: string, handler: Handler): Promise<readonly string[]> {
  playing = await playEngine(join(directory.path, 'engine.sock'), version, handler);
  return playing.asked;
}

async function follow(since?: EventPosition): Promise<Following> {
  following = await startFollowing(engine, since);
  return following;
}

const writing =
  (...chunks: readonly (string | Buffer)[]): Handler =>
  async (_, response) => {
    response.writeHead(200);
    response.flushHeaders();
    for (const chunk of chunks) {
      response.write(chunk);
      await sleep(1);
    }
  };

/** The same event as each version writes it. */
function line(version: string, container: string, attributes: Readonly<Record<string, string>>): string {
  const at = { scope: 'local', time: 1_795_311_876, timeNano: 1_795_311_876_057_132_800 };
  const Attributes = { image: 'ruby:3.3', name: 'web', ...attributes };
  const event = { Type: 'container', Action: 'create', Actor: { ID: container, Attributes }, ...at };
  const old = { status: 'create', id: container, from: 'ruby:3.3' };
  return `${JSON.stringify(Number(version.slice(2)) < 52 ? { ...old, ...event } : event)}\n`;
}

describe.each(['1.41', '1.51', '1.52', '1.53'])('an engine of API %s', (version) => {
  test('is followed from now on in its own version, with every filter', async () => {
    const asked = await play(version, writing());
    await follow();
    const url = new URL(asked[1]?.split(' ')[1] ?? '', 'http://engine');
    expect(url.pathname).toBe(`/v${version}/events`);
    expect(url.searchParams.get('since')).toBe('1795311900.000000000');
    const filters = JSON.parse(url.searchParams.get('filters') ?? '');
    expect(filters.type).toEqual(['container', 'image']);
    expect(filters.event).toContain('destroy');
  });

  test('is understood, however its lines are cut up, within a letter as well', async () => {
    const bytes = Buffer.from(line(version, ID, { who: 'Zoë 🐘' }) + line(version, 'next', {}));
    const bounds = [
      0,
      7,
      bytes.indexOf('🐘') + 2,
      bytes.indexOf('🐘') + 3,
      bytes.indexOf('\n'),
      bytes.length,
    ];
    const chunks = bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
    await play(version, writing(...chunks));
    const { events, first } = await follow();
    await first('container create next');
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ container: ID, image: 'ruby:3.3', labels: { who: 'Zoë 🐘' } });
    expect(logged).toEqual([]);
  });
});

test('a position is gone back from by a second, for events come out of order', async () => {
  const asked = await play('1.44', writing());
  await follow('1795311876.057132800' as EventPosition);
  expect(asked[1]).toContain('since=1795311875.057132800');
});

test('a position that is none begins with now', async () => {
  const asked = await play('1.44', writing());
  await follow('of another engine' as EventPosition);
  expect(asked[1]).toContain('since=1795311900.000000000');
});

test('lines that are not understood are counted and left out, and what follows is not', async () => {
  const long = line('1.44', 'long', { label: 'x'.repeat(1_000_001) });
  const odd = ['garbage\n', '{"half":\n', '\u0000\n', '\n', long, long, '{"Type":"moon","Action":"rise"}\n'];
  await play('1.44', writing(...odd, line('1.44', ID, {})));
  const { events, first } = await follow();
  await first(`container create ${ID}`);
  expect(events).toHaveLength(1);
  expect(logged.map(({ kind, count }) => [kind, count])).toEqual([
    ['not an event', 1],
    ['not an event', 2],
    ['a line too long', 1],
    ['a line too long', 2],
    ['not an event', 4],
  ]);
});

test('an engine that says the strangest things does not fill the log', async () => {
  const strange = Array.from({ length: 2_000 }, (_, index) => {
    const event = { Type: 'moon', Action: `rise-${index}`, Actor: { ID }, time: 5 };
    return `${JSON.stringify(event)}\n`;
  });
  await play('1.44', writing(strange.join(''), line('1.44', ID, {})));
  const { first } = await follow();
  await first(`container create ${ID}`);
  expect(logged.length).toBeLessThan(32 + Math.log2(2_000) + 1);
});

test('at 5,000 events a second, in chunks that end anywhere, none is lost and all come in order', async () => {
  const total = 10_000;
  const text = Buffer.from(
    Array.from({ length: total }, (_, index) => line('1.44', `c${index}`, { index: `Zoë ${index}` })).join(
      '',
    ),
  );
  const perTick = Math.ceil(text.length / 200);
  await play('1.44', async (_, response) => {
    response.writeHead(200);
    const began = performance.now();
    for (let at = 0, tick = 0; at < text.length; tick += 1) {
      for (const end = Math.min((tick + 1) * perTick, text.length); at < end; at += 997) {
        response.write(text.subarray(at, Math.min(at + 997, text.length)));
      }
      await sleep(Math.max(0, began + tick * 10 - performance.now()));
    }
  });
  const { events, first } = await follow();
  await until('the last event', async () => events.length >= total, { timeoutMs: 30_000 });
  await first(`container create c${total - 1}`);
  const told = events.map((event) => event.kind === 'container' && event.container);
  expect(told).toEqual(Array.from({ length: total }, (_, index) => `c${index}`));
  expect(logged).toEqual([]);
});
