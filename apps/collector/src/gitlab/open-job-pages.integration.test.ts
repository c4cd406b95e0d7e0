import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AwkwardGitLab, PROJECT, startAwkwardGitLab } from './awkward-gitlab.suite.ts';
import { collect } from './gitlab.suite.ts';
import { failureOf } from './guest/guest.suite.ts';

const JOB = { id: 3, name: 'job', status: 'created', created_at: '2026-03-01T12:00:00Z' };
/** `CommitStatus::AVAILABLE_STATUSES` of 16.0, without those that are an end. */
const OPEN_IN_16_0 = [
  'created',
  'manual',
  'pending',
  'preparing',
  'running',
  'scheduled',
  'skipped',
  'waiting_for_resource',
];

let awkward: AwkwardGitLab;
beforeEach(async () => {
  awkward = await startAwkwardGitLab();
});
afterEach(() => awkward.close());

function scopesAsked(): string[][] {
  return awkward.asked().map((url) => url.searchParams.getAll('scope[]').toSorted());
}

test('ask for every status that is no end', async () => {
  awkward.answerJson(() => ({ body: [JOB] }));
  expect(await collect(awkward.gitlab.jobs(PROJECT, 'open'))).toHaveLength(1);
  expect(scopesAsked()).toEqual([[...OPEN_IN_16_0, 'canceling', 'waiting_for_callback'].toSorted()]);
});

test('ask a GitLab that knows fewer statuses for those it knows, and do so from then on', async () => {
  awkward.answerJson(({ searchParams }) =>
    searchParams.getAll('scope[]').every((status) => OPEN_IN_16_0.includes(status))
      ? { body: [JOB] }
      : { status: 400, body: { error: 'scope does not have a valid value' } },
  );
  const port = awkward.gitlab;
  expect(await collect(port.jobs(PROJECT, 'open'))).toHaveLength(1);
  expect(await collect(port.jobs(PROJECT, 'open'))).toHaveLength(1);
  const [first, ...later] = scopesAsked();
  expect(first).toContain('canceling');
  expect(later).toEqual([OPEN_IN_16_0, OPEN_IN_16_0]);
});

test('do not begin anew because a page on their way is refused', async () => {
  const link = `<${awkward.url}/api/v4/x?cursor=abc>; rel="next"`;
  awkward.answerJson(({ searchParams }) =>
    searchParams.has('cursor') ? { status: 400, body: {} } : { body: [JOB], headers: { link } },
  );
  const error = await failureOf(collect(awkward.gitlab.jobs(PROJECT, 'open')));
  expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { status: 400 } });
  expect(awkward.asked()).toHaveLength(2);
});
