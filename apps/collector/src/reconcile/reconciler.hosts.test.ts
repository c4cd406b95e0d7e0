import { SidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import { describe, expect, it } from 'vitest';
import { A, B, C, HOUR, instance, NOW, reconcilerFixture, registration } from './reconciler-fixture.suite.ts';

describe('what a poll tells the hosts', () => {
  const [one, two] = [registration('one'), registration('two')];
  const fedOf = async ({ evidence }: ReturnType<typeof reconcilerFixture>, { host }: Registration) =>
    (await evidence.fed(host))?.at;

  it('is that GitLab was asked for everything up to when the poll began, and how GitLab is called', async () => {
    const subject = reconcilerFixture({ projects: [A, B, C] });
    subject.state.registrations = [one, two];
    subject.state.failing.set(A, new SidebandError('GITLAB_REFUSED'));
    subject.state.failing.set(B, new SidebandError('GITLAB_NOT_FOUND'));
    subject.put(C, 1, 'success', HOUR);
    await subject.poll();
    const expected = { at: NOW, instances: new Map([['gitlab.example:8443', instance]]) };
    for (const { host } of [one, two]) expect(await subject.evidence.fed(host)).toEqual(expected);
    subject.clock.advance(HOUR);
    const begunAt = subject.clock.now();
    await subject.poll();
    expect(await fedOf(subject, one)).toBe(begunAt);
  });

  it('is the beginning and not the end of the poll', async () => {
    const subject = reconcilerFixture();
    subject.state.registrations = [one];
    subject.state.failing.get = () => {
      subject.clock.advance(60_000);
      return undefined;
    };
    await subject.poll();
    expect(subject.clock.now()).toBe(NOW + 120_000);
    expect(await fedOf(subject, one)).toBe(NOW);
  });

  it.each([
    ['was limited', 'GITLAB_RATE_LIMITED'],
    ['had no answer for a project', 'GITLAB_UNAVAILABLE'],
  ] as const)('is nothing new where it %s', async (_, code) => {
    const subject = reconcilerFixture({ projects: [A, B] });
    subject.state.registrations = [one];
    await subject.poll();
    subject.clock.advance(HOUR);
    subject.state.failing.set(A, new SidebandError(code));
    await subject.poll().catch(() => undefined);
    expect(await fedOf(subject, one)).toBe(NOW);
  });

  it('is nothing where no list of projects came', async () => {
    const subject = reconcilerFixture();
    subject.state.registrations = [one];
    subject.gitlab.fail('projects', new SidebandError('GITLAB_UNAVAILABLE'));
    await subject.poll();
    expect(await fedOf(subject, one)).toBeUndefined();
  });

  it('is nothing new while many ended jobs cannot be looked up', async () => {
    const subject = reconcilerFixture({ projects: [A, B] });
    subject.state.registrations = [one];
    for (let id = 1; id <= 21; id += 1) subject.put(id % 2 === 0 ? A : B, id, 'success', HOUR);
    await subject.poll();
    subject.clock.advance(2 * HOUR - 60_000);
    const fresh = subject.clock.now();
    await subject.poll();
    expect(await fedOf(subject, one)).toBe(fresh);
    subject.clock.advance(HOUR);
    await subject.poll();
    expect(await fedOf(subject, one)).toBe(fresh);
    // A few that cannot be read keep nobody's evidence stale.
    await subject.end(A, 2, HOUR);
    const again = subject.clock.now();
    await subject.poll();
    expect(await fedOf(subject, one)).toBe(again);
  });

  it('is nothing of before where Redis was emptied since, until a poll has been through', async () => {
    const subject = reconcilerFixture();
    const { state, clock, poll } = subject;
    state.registrations = [one];
    await poll();
    clock.advance(HOUR);
    state.rememberedSince = clock.now();
    state.registrations = [one, two];
    state.failing.set(A, new SidebandError('GITLAB_UNAVAILABLE'));
    await poll();
    expect(await fedOf(subject, two)).toBeUndefined();
    expect(await fedOf(subject, one)).toBe(NOW);
    state.failing.clear();
    clock.advance(HOUR);
    await poll();
    expect(await fedOf(subject, two)).toBe(NOW + 2 * HOUR);
  });

  it('is nothing where Redis was emptied while the poll went on', async () => {
    const subject = reconcilerFixture();
    const { state, clock, poll } = subject;
    state.registrations = [one];
    state.beforeList = () => {
      state.rememberedSince = clock.now();
    };
    clock.advance(HOUR);
    await poll();
    expect(await fedOf(subject, one)).toBeUndefined();
    clock.advance(HOUR);
    state.beforeList = () => undefined;
    await poll();
    expect(await fedOf(subject, one)).toBe(NOW + 2 * HOUR);
  });

  it('reaches a host that came since, before the next poll is through', async () => {
    const subject = reconcilerFixture();
    subject.state.registrations = [one];
    await subject.poll();
    subject.clock.advance(HOUR);
    subject.state.registrations = [one, two];
    subject.state.failing.set(A, new SidebandError('GITLAB_UNAVAILABLE'));
    await subject.poll();
    expect(await fedOf(subject, two)).toBe(NOW);
  });

  it('includes what they share with each other', async () => {
    const { poll, state } = reconcilerFixture();
    state.registrations = [one, two];
    await poll();
    expect(state.notices.get(one.host)?.sharesManagerWith).toEqual([two.host]);
    expect(state.swept).toEqual([[one.host, two.host]]);
  });

  it('does not wait for hosts that cannot be removed', async () => {
    const subject = reconcilerFixture();
    subject.state.registrations = [one];
    subject.state.sweepFailure = new Error('BullMQ says no');
    subject.put(A, 1, 'success', HOUR);
    expect(await subject.poll()).toMatchObject({ missed: 1 });
    expect(await fedOf(subject, one)).toBe(NOW);
  });
});
