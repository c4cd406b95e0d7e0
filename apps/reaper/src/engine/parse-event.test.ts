import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_FILTERS, type ParsedEvent, parseEvent } from './parse-event.ts';

const HEX = 'a'.repeat(64);
const ID = `sha256:${HEX}`;
const DIGEST = `quay.io/team/app@sha256:${'d'.repeat(64)}`;
const TIME = { scope: 'local', time: 1_795_311_876, timeNano: 1_795_311_876_057_132_800 };

function parse(event: unknown): ParsedEvent {
  return parseEvent(JSON.stringify(event));
}

/** What an image event says: action, image and name. */
function told(Action: string, ID: string | undefined, name: string | undefined): unknown {
  const parsed = parse({ Type: 'image', Action, Actor: { ID, Attributes: { name } }, ...TIME });
  if (!parsed.ok || parsed.event.kind !== 'image') return parsed;
  return [parsed.event.action, parsed.event.image, parsed.event.name];
}

describe('a container event', () => {
  const Attributes = {
    'com.gitlab.gitlab-runner.job.id': '4711',
    exitCode: '137',
    image: DIGEST,
    name: 'runner-x-predefined',
  };
  const now = { Type: 'container', Action: 'die', Actor: { ID: HEX, Attributes }, ...TIME };
  const event = {
    kind: 'container',
    action: 'die',
    container: HEX,
    image: DIGEST,
    labels: Attributes,
    at: 1_795_311_876_057,
  };

  test.each([
    ['API 1.52 and later', now],
    ['API 1.51 and earlier', { status: 'die', id: HEX, from: DIGEST, ...now }],
    ['Podman 4.3', { ...now, Actor: { ID: HEX, Attributes: { ...Attributes, podId: '' } } }],
  ])('is read as %s writes it', (_, written) => {
    const parsed = parse(written);
    if (!parsed.ok) expect.unreachable(parsed.kind);
    expect(parsed.event).toMatchObject(event);
    // A double holds these nanoseconds to 128 of them.
    expect(parsed.event.position).toMatch(/^1795311876\.05713\d{4}$/);
  });

  test.each([
    ['create', 'create'],
    ['start', 'start'],
    ['died', 'die'],
    ['destroy', 'destroy'],
    ['remove', 'destroy'],
  ])('%s means %s', (Action, action) => {
    expect(parse({ ...now, Action })).toMatchObject({ ok: true, event: { action } });
  });

  test('without an image or labels is one all the same', () => {
    const parsed = parse({ ...now, Actor: { ID: HEX, Attributes: null } });
    expect(parsed).toMatchObject({ ok: true, event: { image: '', labels: {} } });
  });

  test('keeps no more than 1,000 labels, and none that is too long or no text', () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`label-${index}`, 'x']));
    const odd = { long: 'x'.repeat(5_000), ['k'.repeat(600)]: 'x', number: 5, image: 'ruby:3.3' };
    const parsed = parse({ ...now, Actor: { ID: HEX, Attributes: { ...many, ...odd } } });
    if (!parsed.ok || parsed.event.kind !== 'container') expect.unreachable();
    expect(Object.keys(parsed.event.labels)).toHaveLength(1_000);
    expect(parsed.event.image).toBe('ruby:3.3');
    const few = parse({ ...now, Actor: { ID: HEX, Attributes: { ...odd, kept: 'ä' } } });
    expect(few).toMatchObject({ event: { labels: { kept: 'ä', image: 'ruby:3.3' } } });
    if (few.ok && few.event.kind === 'container') expect(Object.keys(few.event.labels)).toHaveLength(2);
  });
});

describe('an image event', () => {
  test.each([
    ['pull', 'ruby:3.3', 'ruby', ['pull', 'ruby:3.3', undefined]],
    ['pull', DIGEST, 'quay.io/team/app', ['pull', DIGEST, undefined]],
    ['tag', ID, 'ghcr.io/a/b:7', ['tag', ID, 'ghcr.io/a/b:7']],
    ['load', ID, ID, ['load', ID, undefined]],
    ['untag', ID, ID, ['untag', ID, undefined]],
    ['import', ID, ID, ['import', ID, undefined]],
    ['delete', ID, ID, ['delete', ID, undefined]],
  ])('of Docker: %s %s %s', (action, id, name, expected) => {
    expect(told(action, id, name)).toEqual(expected);
  });

  test.each([
    ['pull', '', 'docker.io/library/ruby:3.3', ['pull', 'docker.io/library/ruby:3.3', undefined]],
    ['pull', undefined, DIGEST, ['pull', DIGEST, undefined]],
    ['loadfromarchive', '', '/var/tmp/api_load.tar191221371', ['load', '', undefined]],
    ['tag', HEX, 'ghcr.io/a/b:7', ['tag', ID, 'ghcr.io/a/b:7']],
    ['untag', HEX, 'ghcr.io/a/b:7', ['untag', ID, 'ghcr.io/a/b:7']],
    ['delete', HEX, HEX, ['delete', ID, undefined]],
    ['remove', HEX, HEX, ['delete', ID, undefined]],
  ])('of Podman: %s %s %s', (action, id, name, expected) => {
    expect(told(action, id, name)).toEqual(expected);
  });
});

describe('what is not understood', () => {
  const actor = { Actor: { ID: HEX, Attributes: {} } };
  test.each([
    ['not an event', ''],
    ['not an event', 'null'],
    ['not an event', '{"Type":"container"'],
    ['not an event', '{"message":"page not found"}'],
    ['not an event', JSON.stringify({ status: 'die', id: HEX, from: 'ruby:3.3', time: 5 })],
    ['an event without a time', JSON.stringify({ Type: 'container', Action: 'die', ...actor })],
    ['an event without a time', JSON.stringify({ Type: 'image', Action: 'tag', ...actor, timeNano: 1e300 })],
    ['"network connect"', JSON.stringify({ Type: 'network', Action: 'connect', ...actor, ...TIME })],
    ['"image create"', JSON.stringify({ Type: 'image', Action: 'create', ...actor, ...TIME })],
    [
      '"container exec_create"',
      JSON.stringify({ Type: 'container', Action: 'exec_create: /bin/sh -c secret', ...actor, ...TIME }),
    ],
    ['"container die"', JSON.stringify({ Type: 'container', Action: 'die', Actor: {}, ...TIME })],
  ])('is %s: %s', (kind, line) => {
    expect(parseEvent(line)).toEqual({ ok: false, kind });
  });

  test('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (line) => parseEvent(line).ok === false));
    const attributes = fc.dictionary(fc.string(), fc.jsonValue());
    const event = fc.record(
      {
        Type: fc.constantFrom('container', 'image', 'x'),
        Action: fc.oneof(fc.constantFrom('create', 'pull'), fc.string()),
        Actor: fc.record({ ID: fc.oneof(fc.string(), fc.jsonValue()), Attributes: attributes }),
        timeNano: fc.oneof(fc.double(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(event, (each) => typeof parse(each).ok === 'boolean'));
  });
});

test('the engine is asked for nothing that happens often and says nothing of use', () => {
  const { type, event } = JSON.parse(EVENT_FILTERS);
  expect(type).toEqual(['container', 'image']);
  expect(event).toEqual(expect.arrayContaining(['create', 'died', 'remove', 'loadfromarchive', 'untag']));
  expect(event.join()).not.toMatch(/exec|health|attach|kill|top/);
});
