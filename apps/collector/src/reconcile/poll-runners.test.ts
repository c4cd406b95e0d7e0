import { SidebandError } from '@sideband/shared/errors';
import type { RunnerId, SystemId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { A, B, C, DAY, HOUR, instance, MANAGER, reconcilerFixture } from './reconciler-fixture.suite.ts';

const RUNNER = 8 as RunnerId;
const OTHER = 9 as RunnerId;
const SECOND = 's_bbbbbbbbbbbb' as SystemId;

/** The token is a member of A, and may see a runner. */
function runnerFixture() {
  const fixture = reconcilerFixture({ members: [A] });
  fixture.gitlab.putRunner(RUNNER, [MANAGER, SECOND]);
  return fixture;
}

describe('the runners that the token may see', () => {
  it('lead to projects it is no member of, for as long as the look-back', async () => {
    const { poll, put, clock, takeQueued } = runnerFixture();
    put(A, 1, 'success', HOUR);
    put(B, 2, 'success', 2 * HOUR, { runner: RUNNER });
    put(C, 3, 'success', 2 * HOUR, { runner: OTHER });
    expect(await poll()).toMatchObject({ projects: 2 });
    expect(takeQueued()).toEqual(['1/1 ended', '2/2 ended']);
    clock.advance(6 * DAY);
    expect(await poll()).toMatchObject({ projects: 2 });
    clock.advance(DAY);
    expect(await poll()).toMatchObject({ projects: 1 });
  });

  it('lead to the project of an old job that has begun just now', async () => {
    const { poll, put, clock, takeQueued } = runnerFixture();
    put(B, 1, 'manual', 30 * DAY);
    await poll();
    clock.advance(HOUR);
    put(B, 1, 'running', 30 * DAY, { runner: RUNNER });
    expect(await poll()).toMatchObject({ projects: 2 });
    put(B, 2, 'success', -HOUR);
    await poll();
    expect(takeQueued()).toEqual(['2/2 ended']);
  });

  it('are read down to what the last poll saw', async () => {
    const { poll, put, clock, state } = runnerFixture();
    for (let id = 1; id <= 450; id += 1) put(A, id, 'success', 2 * DAY, { runner: RUNNER });
    state.pages = 0;
    await poll();
    const first = state.pages;
    clock.advance(HOUR);
    state.pages = 0;
    await poll();
    // All and running ones of the runner, and of the project.
    expect(state.pages).toBe(4);
    expect(first).toBeGreaterThan(7);
  });

  it('tell their managers, when they are met and when they have had jobs', async () => {
    const { poll, put, gitlab, ledger, clock } = runnerFixture();
    await poll();
    expect([...(await ledger.managersOf(instance, RUNNER))].sort()).toEqual([MANAGER, SECOND]);
    for (let hour = 0; hour < 3; hour += 1) await poll();
    expect(gitlab.calls('managers')).toBe(1);
    clock.advance(8 * DAY);
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([]);
    put(A, 1, 'success', -8 * DAY, { runner: RUNNER });
    await poll();
    expect(await ledger.managersOf(instance, RUNNER)).toHaveLength(2);
  });
});

describe('a token that may not see runners', () => {
  it('goes on by membership, and asks again after a day', async () => {
    const { poll, put, gitlab, clock, takeQueued } = runnerFixture();
    gitlab.fail('runners', new SidebandError('GITLAB_REFUSED'));
    put(A, 1, 'success', HOUR);
    for (let hour = 0; hour < 25; hour += 1) {
      expect(await poll()).toMatchObject({ projects: 1 });
      clock.advance(HOUR);
    }
    expect(takeQueued()).toContain('1/1 ended');
    expect(gitlab.calls('runners')).toBe(2);
  });

  it('asks once for the jobs of a runner that is hidden, and for those of the others each time', async () => {
    const { poll, put, gitlab } = runnerFixture();
    gitlab.putRunner(OTHER, 'hidden');
    put(B, 1, 'success', HOUR, { runner: RUNNER });
    for (let time = 0; time < 3; time += 1) expect(await poll()).toMatchObject({ projects: 2 });
    // Twice three times for the one, once for the other.
    expect(gitlab.calls('runnerJobs')).toBe(7);
  });

  it('finds projects by jobs also where it may not see the managers', async () => {
    const { poll, put, gitlab } = runnerFixture();
    gitlab.fail('managers', new SidebandError('GITLAB_REFUSED'));
    put(B, 1, 'success', HOUR, { runner: RUNNER });
    expect(await poll()).toMatchObject({ projects: 2 });
    put(B, 2, 'success', 0, { runner: RUNNER });
    expect(await poll()).toMatchObject({ projects: 2 });
    expect(gitlab.calls('managers')).toBe(1);
  });

  it('goes on with what it knew while GitLab does not list runners', async () => {
    const { poll, put, gitlab } = runnerFixture();
    put(B, 1, 'success', HOUR, { runner: RUNNER });
    await poll();
    gitlab.fail('runners', new SidebandError('GITLAB_UNAVAILABLE'));
    expect(await poll()).toMatchObject({ projects: 2 });
  });
});
