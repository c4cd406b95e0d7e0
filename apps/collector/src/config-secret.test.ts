import { inspect } from 'node:util';
import { ManualClock } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { type Environment, readMasters, readSecret } from './config-secret.ts';

const NAME = 'SIDEBAND_HOOK_SECRET';
const files: Record<string, string> = {
  '/run/secrets/hook': 'hunter2-of-the-hook\n',
  '/run/secrets/windows': 'hunter2-of-the-hook\r\n',
  '/run/secrets/two-lines': 'hunter2\nhunter3\n',
  '/run/secrets/empty': '\n',
  '/run/secrets/masters': 'hunter2-hunter2-new\nhunter2-hunter2-old\n',
  '/run/secrets/short-master': 'hunter2-hunter2-new\nhunter2\n',
};

function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw missing(path);
  return text;
}

/** As Node has it: the sentence repeats the name. */
function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
}

function read(env: Environment): ReturnType<typeof readSecret> {
  return readSecret({ env, readFile, clock: new ManualClock(0) }, NAME);
}

function problem(env: Environment): string {
  const secret = read(env);
  return secret.ok ? 'was accepted' : secret.error.message;
}

test.each([
  ['the variable', { [NAME]: 'hunter2-of-the-hook' }],
  ['a file', { [`${NAME}_FILE`]: '/run/secrets/hook' }],
  ['a file with the other line break', { [`${NAME}_FILE`]: '/run/secrets/windows' }],
])('comes from %s, and shows itself only when it is called for', (_, env) => {
  const secret = read(env);
  expect(secret.ok && secret.value?.()).toBe('hunter2-of-the-hook');
  expect(inspect(secret, { depth: 9, showHidden: true })).not.toContain('hunter2');
  expect(JSON.stringify(secret)).not.toContain('hunter2');
});

test('is undefined when nothing is set', () => {
  expect(read({})).toEqual({ ok: true, value: undefined });
});

test.each([
  [
    'both',
    { [NAME]: 'hunter2', [`${NAME}_FILE`]: '/run/secrets/hook' },
    `so is ${NAME}_FILE: keep one of them`,
  ],
  ['no such file', { [`${NAME}_FILE`]: '/nowhere' }, 'names a file that cannot be read: ENOENT'],
  [
    'the secret itself where a file’s name should be',
    { [`${NAME}_FILE`]: 'hunter2' },
    'names a file that cannot be read: ENOENT',
  ],
  ['an empty file', { [`${NAME}_FILE`]: '/run/secrets/empty' }, 'the text in "/run/secrets/empty" is empty'],
  ['two lines', { [`${NAME}_FILE`]: '/run/secrets/two-lines' }, 'holds a space, a line break'],
  ['a space', { [NAME]: 'hunter2 hunter3' }, 'the value holds a space'],
  ['a letter outside ASCII', { [NAME]: 'hünter2' }, 'a character that is not ASCII'],
  ['too much', { [NAME]: 'hunter2'.repeat(1_000) }, 'has 7000 characters, at most 1024'],
])('refuses %s, and does not repeat the secret', (_, env, message) => {
  expect(problem(env)).toContain(message);
  expect(problem(env)).not.toMatch(/h[uü]nter/);
});

test('a file is read again, at most every five seconds, and what cannot be used changes nothing', () => {
  const clock = new ManualClock(0);
  const path = '/run/secrets/rotated';
  files[path] = 'hunter2-of-monday';
  const secret = readSecret({ env: { [`${NAME}_FILE`]: path }, readFile, clock }, NAME);
  if (!secret.ok || secret.value === undefined) throw new Error('refused');
  files[path] = 'hunter2-of-tuesday\n';
  clock.advance(4_999);
  expect(secret.value()).toBe('hunter2-of-monday');
  clock.advance(1);
  expect(secret.value()).toBe('hunter2-of-tuesday');
  for (const unusable of ['', 'two words', undefined]) {
    if (unusable === undefined) delete files[path];
    else files[path] = unusable;
    clock.advance(5_000);
    expect(secret.value()).toBe('hunter2-of-tuesday');
  }
  files[path] = 'hunter2-of-friday';
  clock.advance(5_000);
  expect(secret.value()).toBe('hunter2-of-friday');
});

test('a file that cannot be used any more is told of once, also when it is good again', () => {
  const clock = new ManualClock(0);
  const path = '/run/secrets/watched';
  const told: (string | undefined)[][] = [];
  files[path] = 'hunter2-of-monday';
  const onRefused = (...message: (string | undefined)[]): void => void told.push(message);
  const sources = { env: { [`${NAME}_FILE`]: path }, readFile, clock, onRefused };
  const masters = readMasters(sources, NAME);
  if (!masters.ok || masters.value === undefined) throw new Error('refused');

  for (const text of ['', '', 'hunter2', 'hunter2-of-tuesday', 'hunter2-of-friday', undefined]) {
    if (text === undefined) delete files[path];
    else files[path] = text;
    clock.advance(5_000);
    masters.value();
  }
  expect(told).toEqual([
    [`${NAME}_FILE`, `the text in "${path}" is empty`],
    [`${NAME}_FILE`, `the text in "${path}" has a secret of 7 characters, at least 16 are needed`],
    [`${NAME}_FILE`, undefined],
    [`${NAME}_FILE`, 'names a file that cannot be read: ENOENT'],
  ]);
  expect(masters.value()).toEqual(['hunter2-of-friday']);
});

test('several masters are good at a time, the newest first', () => {
  const masters = readMasters(
    { env: { [`${NAME}_FILE`]: '/run/secrets/masters' }, readFile, clock: new ManualClock(0) },
    NAME,
  );
  expect(masters.ok && masters.value?.()).toEqual(['hunter2-hunter2-new', 'hunter2-hunter2-old']);
});

test('a master that could be found by trying is refused', () => {
  const masters = readMasters(
    { env: { [`${NAME}_FILE`]: '/run/secrets/short-master' }, readFile, clock: new ManualClock(0) },
    NAME,
  );
  expect(masters.ok ? '' : masters.error.message).toBe(
    'the text in "/run/secrets/short-master" has a secret of 7 characters, at least 16 are needed',
  );
});
