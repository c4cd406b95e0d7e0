import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type Environment, readSecret } from './config-secret.ts';

const NAME = 'SIDEBAND_HOOK_SECRET';
const files: Readonly<Record<string, string>> = {
  '/run/secrets/hook': 'hunter2-of-the-hook\n',
  '/run/secrets/windows': 'hunter2-of-the-hook\r\n',
  '/run/secrets/two-lines': 'hunter2\nhunter3\n',
  '/run/secrets/empty': '\n',
};

function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
  return text;
}

function read(env: Environment): ReturnType<typeof readSecret> {
  return readSecret(env, readFile, NAME);
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
  ['no such file', { [`${NAME}_FILE`]: '/nowhere' }, 'names a file that cannot be read: "ENOENT'],
  ['an empty file', { [`${NAME}_FILE`]: '/run/secrets/empty' }, 'the text in "/run/secrets/empty" is empty'],
  ['two lines', { [`${NAME}_FILE`]: '/run/secrets/two-lines' }, 'holds a space, a line break'],
  ['a space', { [NAME]: 'hunter2 hunter3' }, 'the value holds a space'],
  ['a letter outside ASCII', { [NAME]: 'hünter2' }, 'a character that is not ASCII'],
  ['too much', { [NAME]: 'hunter2'.repeat(1_000) }, 'has 7000 characters, at most 1024'],
])('refuses %s, and does not repeat the secret', (_, env, message) => {
  expect(problem(env)).toContain(message);
  expect(problem(env)).not.toMatch(/h[uü]nter/);
});
