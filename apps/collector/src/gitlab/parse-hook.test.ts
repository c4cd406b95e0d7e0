import { describe, expect, test } from 'vitest';
import { parseHook, parseHookDelivery } from './parse-hook.ts';

/** A project hook of GitLab 19, shortened. */
const raw = {
  id: 1,
  url: 'https://sideband.example/hooks/main/projects/3',
  name: 'Sideband',
  description: 'made with 0123abcd',
  project_id: 3,
  created_at: '2026-01-12T17:04:47Z',
  push_events: false,
  job_events: true,
  note_events: null,
  pipeline_events: true,
  enable_ssl_verification: true,
  alert_status: 'executable',
  disabled_until: null,
  url_variables: [],
  token_present: true,
  signing_token_present: false,
};

test('reads what is set and what GitLab made of it', () => {
  expect(parseHook(raw)).toEqual({
    ok: true,
    value: {
      id: 1,
      url: raw.url,
      events: ['job_events', 'pipeline_events'],
      verifiesTls: true,
      hasToken: true,
      hasSigningToken: false,
      description: 'made with 0123abcd',
      state: 'enabled',
      pausedUntil: undefined,
    },
  });
});

test('an old GitLab says less', () => {
  const { description, alert_status, disabled_until, token_present, signing_token_present, ...old } = raw;
  expect(parseHook(old)).toMatchObject({
    ok: true,
    value: {
      description: undefined,
      state: 'enabled',
      pausedUntil: undefined,
      hasToken: undefined,
      hasSigningToken: undefined,
    },
  });
});

test.each([null, undefined])('a switch that is %s is not on', (nothing) => {
  const flags = { enable_ssl_verification: nothing, token_present: nothing, signing_token_present: nothing };
  expect(parseHook({ ...raw, ...flags })).toMatchObject({
    ok: true,
    value: { verifiesTls: false, hasToken: undefined, hasSigningToken: undefined },
  });
});

describe('the state', () => {
  const until = '2026-03-01T12:08:00.000Z';
  test.each([
    ['temporarily_disabled', 'paused', Date.parse(until)],
    ['disabled', 'disabled', undefined],
    // The time of a pause that is over stays there.
    ['executable', 'enabled', undefined],
    ['a word of GitLab 25', 'enabled', undefined],
  ])('%s is %s', (alert_status, state, pausedUntil) => {
    expect(parseHook({ ...raw, alert_status, disabled_until: until })).toMatchObject({
      ok: true,
      value: { state, pausedUntil },
    });
  });

  test('is known when its end is unreadable', () => {
    const hook = parseHook({ ...raw, alert_status: 'temporarily_disabled', disabled_until: 'tomorrow' });
    expect(hook).toMatchObject({ ok: true, value: { state: 'paused', pausedUntil: undefined } });
  });
});

test.each([
  ['id', { id: '1' }],
  ['id', { id: 0 }],
  ['url', { url: undefined }],
  ['url', { url: 'x'.repeat(2_049) }],
  ['url', { url: null }],
  ['enable_ssl_verification', { enable_ssl_verification: 'yes' }],
  ['token_present', { token_present: 1 }],
])('names %s when that is what is wrong', (field, change) => {
  const hook = parseHook({ ...raw, ...change });
  expect(hook.ok ? 'was accepted' : hook.error.message).toMatch(new RegExp(`^${field}: `));
});

test('does not repeat a value that it refuses', () => {
  const hook = parseHook({ ...raw, id: 'whsec_secret', url: 7 });
  expect(JSON.stringify(hook)).not.toContain('whsec_secret');
});

test.each([
  [{ response_status: '200', created_at: '2026-03-01T12:00:00.000Z' }, '200', Date.UTC(2026, 2, 1, 12)],
  [{ response_status: 'internal error' }, 'internal error', undefined],
  [{ response_status: 503, created_at: 'once' }, '503', undefined],
])('reads the delivery %j', (delivery, status, at) => {
  expect(parseHookDelivery({ ...delivery, request_data: { huge: true } })).toEqual({
    ok: true,
    value: { status, at },
  });
});

test.each([null, [], {}, { response_status: null }])('refuses %j as a delivery', (delivery) => {
  expect(parseHookDelivery(delivery).ok).toBe(false);
});
