import { afterEach, beforeEach, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

const YAML = '---\ntest:\n  image: ruby:3.3\n';

let gitlab: GitLabStandIn;

async function start(version = '19.3.0-ee'): Promise<void> {
  const guest = { token: 'guest', scopes: ['api'], role: 'guest' } as const;
  gitlab = await startGitLab({ token: 'root', version, tokens: [guest] });
  gitlab.createProject({ id: 42, path: 'group/app' });
}

beforeEach(() => start());
afterEach(() => gitlab.stop());

async function lint(query: string, token = 'root'): Promise<[number, unknown]> {
  const url = `${gitlab.url}/api/v4/projects/42/ci/lint?${query}`;
  const response = await fetch(url, { headers: { 'PRIVATE-TOKEN': token } });
  return [response.status, await response.json()];
}

it('is valid at every commit where one is given for all', async () => {
  gitlab.setConfiguration(42, YAML);
  const whole = { valid: true, errors: [], warnings: [], merged_yaml: YAML, includes: [] };
  expect(await lint('content_ref=abc')).toEqual([200, whole]);
  expect(await lint('sha=abc')).toEqual([200, whole]);
});

it('is that of the commit where they differ', async () => {
  gitlab.setConfiguration(42, { abc: YAML, def: null, main: 'a: 1' });
  expect(await lint('content_ref=abc')).toMatchObject([200, { merged_yaml: YAML }]);
  expect(await lint('content_ref=def')).toMatchObject([200, { valid: false, merged_yaml: null }]);
  expect(await lint('content_ref=xyz')).toEqual([404, { message: '404 Commit Not Found' }]);
  expect(await lint('')).toMatchObject([200, { merged_yaml: 'a: 1' }]);
  expect((await lint('content_ref=abc&sha=abc'))[0]).toBe(400);
});

it('is not there, or not for everybody', async () => {
  expect(await lint('content_ref=abc')).toMatchObject([200, { valid: false, errors: [expect.any(String)] }]);
  expect((await lint('content_ref=abc', 'guest'))[0]).toBe(403);
  gitlab.faults.refuseConfiguration(42);
  expect((await lint('content_ref=abc'))[0]).toBe(403);
  gitlab.faults.refuseConfiguration(42, false);
  expect((await lint('content_ref=abc'))[0]).toBe(200);
});

it('of old versions is asked for by sha, before by nothing', async () => {
  await gitlab.stop();
  await start('16.9.0');
  gitlab.setConfiguration(42, { abc: YAML, main: 'a: 1' });
  expect(await lint('content_ref=abc')).toMatchObject([200, { merged_yaml: 'a: 1' }]);
  expect(await lint('sha=abc')).toMatchObject([200, { merged_yaml: YAML }]);
});
