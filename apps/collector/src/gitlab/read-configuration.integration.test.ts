import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwkwardGitLab, type JsonAnswer, PROJECT, startAwkwardGitLab } from './awkward-gitlab.suite.ts';
import { failureOf } from './guest/guest.suite.ts';
import type { MergedConfiguration } from './port.ts';

const COMMIT = '0ff3ae198f8601a285adcf5c0fff204ee6fba5fd';
const YAML = 'rspec: {}';

let awkward: AwkwardGitLab;
beforeEach(async () => {
  awkward = await startAwkwardGitLab();
});
afterEach(() => awkward.close());

/** From now on GitLab says this of its version, and this of any commit. */
function answerWith(
  version: JsonAnswer | undefined,
  lint: JsonAnswer = { body: { valid: true, merged_yaml: YAML } },
): void {
  awkward.answerJson((url) => (url.pathname === '/api/v4/version' ? version : lint));
}

function read(): Promise<MergedConfiguration> {
  return awkward.gitlab.configuration(PROJECT, COMMIT);
}

test.each([
  ['19.3.0-ee', 'content_ref'],
  ['16.10.0', 'content_ref'],
  ['16.9.8-ee', 'sha'],
  ['16.5.0', 'sha'],
])('%s is asked for a commit by %s, as the other is ignored or refused', async (version, parameter) => {
  answerWith({ body: { version } });
  expect(await read()).toEqual({ yaml: YAML });
  expect(awkward.asked().at(-1)?.pathname).toBe('/api/v4/projects/7/ci/lint');
  expect([...(awkward.asked().at(-1)?.searchParams ?? [])]).toEqual([[parameter, COMMIT]]);
});

test.each(['16.4.5', '15.11.0'])('%s has only its default branch’s, which is said', async (version) => {
  answerWith({ body: { version } });
  expect(await read()).toEqual({ yaml: YAML, ofDefaultBranch: true });
  expect(awkward.asked().at(-1)?.search).toBe('');
});

test.each<[string, JsonAnswer | undefined]>([
  ['refuses to say its version', { status: 403, body: {} }],
  ['has no such address', undefined],
  ['has a name for a version', { body: { version: 'nightly' } }],
])('a GitLab that %s is taken for a new one', async (_, version) => {
  answerWith(version);
  expect(await read()).toEqual({ yaml: YAML });
  expect(awkward.asked().at(-1)?.searchParams.get('content_ref')).toBe(COMMIT);
});

describe('the version', () => {
  test('is asked for once', async () => {
    answerWith({ body: { version: '17.0.0' } });
    const port = awkward.gitlab;
    await Promise.all([port.configuration(PROJECT, COMMIT), port.configuration(PROJECT, COMMIT)]);
    await port.configuration(PROJECT, COMMIT);
    expect(awkward.asked().filter((url) => url.pathname.endsWith('/version'))).toHaveLength(1);
    expect(awkward.asked()).toHaveLength(4);
  });

  test('is asked for again when GitLab was away', async () => {
    answerWith({ status: 500, body: {} });
    const port = awkward.gitlab;
    const error = await failureOf(port.configuration(PROJECT, COMMIT));
    expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { path: 'version' } });
    answerWith({ body: { version: '16.9.0' } });
    expect(await port.configuration(PROJECT, COMMIT)).toEqual({ yaml: YAML });
    expect(awkward.asked().at(-1)?.searchParams.get('sha')).toBe(COMMIT);
  });
});

test.each([
  ['invalid', { valid: false, merged_yaml: YAML }],
  ['empty', { valid: true, merged_yaml: null }],
])('a configuration that is %s is none', async (_, body) => {
  answerWith({ body: { version: '19.3.0' } }, { body });
  expect(await read()).toEqual({ yaml: undefined });
  expect(awkward.logged).toEqual([]);
});

test.each([
  ['than 4 MiB', 5_000_000],
  ['than any answer may be', 20_000_000],
])('a configuration larger %s is none, which is reported', async (_, length) => {
  const body = { valid: true, merged_yaml: 'x'.repeat(length) };
  answerWith({ body: { version: '19.3.0' } }, { body });
  expect(await read()).toEqual({ yaml: undefined });
  expect(awkward.logged).toMatchObject([{ project: PROJECT }]);
});

test('an answer that is no lint’s is an error', async () => {
  answerWith({ body: { version: '19.3.0' } }, { body: { message: 'hello' } });
  expect(await failureOf(read())).toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    details: { path: 'projects/7/ci/lint', reason: 'malformed' },
  });
});
