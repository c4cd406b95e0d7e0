import { describe, expect, test } from 'vitest';
import { removeOutcome } from './remove-outcome.ts';

const HEX = 'a'.repeat(64);
const ID = `sha256:${HEX}`;
const LAYER = `sha256:${'b'.repeat(64)}`;
const TAG = 'docker.io/library/ruby:3.3';

function refused(message: string) {
  return { status: 409, body: { message } };
}

describe('a good answer', () => {
  test.each([
    ['the id itself', ID, [{ Untagged: 'ruby:3.3' }, { Deleted: ID }, { Deleted: LAYER }], 'removed'],
    ['the id as Podman writes it', ID, [{ Untagged: TAG }, { Deleted: HEX }], 'removed'],
    ['the image behind a tag', TAG, [{ Untagged: 'ruby:3.3' }, { Deleted: ID }], 'removed'],
    ['a tag only', TAG, [{ Untagged: 'ruby:3.3' }], 'untagged'],
    ['a name of the id only', ID, [{ Untagged: 'ruby:3.3' }], 'untagged'],
    ['another image than was asked for', ID, [{ Deleted: LAYER }], 'untagged'],
    ['nothing', ID, [], 'untagged'],
  ] as const)('that took %s away', (_, target, body, kind) => {
    expect(removeOutcome(target, { status: 200, body })).toEqual({ kind });
  });

  test('of another shape is an error', () => {
    expect(() => removeOutcome(ID, { status: 200, body: 'OK' })).toThrow(
      expect.objectContaining({ code: 'ENGINE_FAILED' }),
    );
  });
});

describe('a refusal', () => {
  test.each([
    [409, 'conflict: unable to delete 1 (must be forced) - image is referenced in multiple repositories'],
    [500, 'unable to delete image "1" by ID with more than one tag ([a:1 a:2]): please force removal'],
  ])('%i %j is for several names', (status, message) => {
    expect(removeOutcome(ID, { status, body: { message } })).toEqual({ kind: 'several-names' });
  });

  test.each([
    'conflict: unable to remove repository reference "a:1" (must force) - container 1 is using its referenced image 2',
    'conflict: unable to delete 1 (cannot be forced) - image is being used by running container 2',
    'conflict: unable to delete 1 (cannot be forced) - image has dependent child images',
    'image a:1 is in use: image used by 2: image is in use by a container: consider listing external containers',
    'a prune operation is already running',
  ])('%j is for use', (message) => {
    expect(removeOutcome(ID, refused(message))).toEqual({ kind: 'in-use' });
  });
});

test('404 is absent, whatever the body', () => {
  expect(removeOutcome(ID, { status: 404, body: '' })).toEqual({ kind: 'absent' });
});

test('a failure keeps the end of the engine’s words, where Go puts the cause, escaped and bounded', () => {
  const message = `${'outer: '.repeat(100)}write .tmp-repositories.json: no space left on device\u0007`;
  const outcome = removeOutcome(ID, { status: 500, body: { message } });
  expect(outcome).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('no space left on device'),
  });
  expect(JSON.stringify(outcome).length).toBeLessThan(200);
  expect(JSON.stringify(outcome)).not.toContain('\u0007');
});

test('503 is a failure to look after, other refusals are errors', () => {
  expect(removeOutcome(ID, { status: 503, body: 'busy' })).toEqual({ kind: 'failed', message: '"busy"' });
  expect(() =>
    removeOutcome(ID, { status: 403, body: { message: 'authorization denied by plugin' } }),
  ).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
});
