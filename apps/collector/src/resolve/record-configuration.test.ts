import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { type ImageReference, parseImageReference } from '@sideband/shared/image-reference';
import { describe, expect, it } from 'vitest';
import type { ConfiguredImages } from './configured-images.ts';
import {
  FINISHED,
  instance,
  leasesOn,
  MANAGER,
  NO_CONFIGURATION,
  NOW,
  ONE,
  project,
  RUBY,
  resolverFixture,
  TRACE,
  TWO,
  usesOn,
} from './resolver-fixture.suite.ts';

const told = {};
const RUBY_NAME = 'docker.io/library/ruby:3.3';

function named(text: string): ImageReference {
  const name = parseImageReference(text);
  if (!name.ok) throw new Error(name.error.message);
  return name.value;
}

const RUBY_AND_MORE: ConfiguredImages = {
  images: [{ role: 'build', name: named('ruby:3.3') }],
  missing: ['services: $DATABASE is not in the configuration'],
};

/** A project whose traces the token may not read, and whose configuration says this. */
function refused(answer: ConfiguredImages | SidebandError, hosts = [ONE]) {
  const fixture = resolverFixture({ hosts });
  fixture.gitlab.fail('trace', new SidebandError('GITLAB_REFUSED'));
  fixture.configured.answer = answer;
  return fixture;
}

describe('a job whose trace is refused', () => {
  it('used what its configuration says, under the name alone, and what is missing is said', async () => {
    const { store, put, hear, requests } = refused(RUBY_AND_MORE);
    put(11);
    const { missing } = RUBY_AND_MORE;
    const resolved = { outcome: 'configuration', uses: 1, hosts: [ONE], missing };
    expect(await hear(11, 'ended', { told })).toEqual(resolved);
    expect([...(await store.lastUses(ONE))]).toMatchObject([
      [RUBY_NAME, { at: FINISHED, source: 'configuration', role: 'build', jobName: 'test' }],
    ]);
    expect(await store.repullable(ONE)).toEqual(new Set());
    expect(requests()).toEqual({ job: 1, trace: 1 });
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'known' });
  });

  it('is parked with its manager until a host registers', async () => {
    const { store, put, hear } = refused(RUBY_AND_MORE, []);
    put(11);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'configuration', hosts: [] });
    expect(await store.unpark(MANAGER, [TWO])).toBe(1);
    expect(await usesOn(store, TWO)).toEqual({ [RUBY_NAME]: FINISHED });
  });

  it('ran nobody knows where, if GitLab does not tell its manager', async () => {
    const { put, hear } = refused(RUBY_AND_MORE);
    put(11, { systemId: undefined });
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'unplaced', uses: 1, hosts: [] });
  });

  it.each([
    ['no configuration', NO_CONFIGURATION],
    ['a configuration that is certain of nothing', { images: [], missing: ['x'] }],
  ])('and that has %s is not looked at again and again', async (_, answer) => {
    const { put, hear } = refused(answer);
    put(11);
    const { missing } = answer;
    const resolved = { outcome: 'trace-refused', uses: 0, hosts: [ONE], missing };
    expect(await hear(11, 'ended', { told })).toEqual(resolved);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'known' });
  });

  it('because the token is refused altogether is looked at again when there is a good one', async () => {
    const { put, hear, gitlab } = refused(NO_CONFIGURATION);
    put(11);
    gitlab.fail('job', new SidebandError('GITLAB_REFUSED'));
    await expect(hear(11, 'ended', { told })).rejects.toMatchObject({ code: 'GITLAB_REFUSED' });
    gitlab.fail('job', undefined);
    gitlab.fail('trace', undefined);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded' });
  });

  it('waits in the queue while GitLab does not give its configuration', async () => {
    const { put, hear, configured } = refused(new SidebandError('GITLAB_RATE_LIMITED'));
    put(11);
    await expect(hear(11, 'ended', { told })).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    configured.answer = RUBY_AND_MORE;
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'configuration' });
  });

  it('tells what the next one will need, until a trace tells it better', async () => {
    const { store, put, hear, ledger, gitlab, configured, requests } = refused(RUBY_AND_MORE);
    const alpine = { role: 'build' as const, name: named('alpine') };
    const later = (ms: number) => ({ finishedAt: (FINISHED + ms) as Millis });
    put(11);
    await hear(11, 'ended', { told });
    const before = requests();
    expect(await hear(12, 'running', { told })).toMatchObject({ outcome: 'predicted', hosts: [ONE] });
    expect(await leasesOn(store, ONE, NOW)).toEqual([`predicted ${RUBY_NAME}`]);
    expect(requests()).toEqual(before);

    configured.answer = { images: [alpine], missing: [] };
    put(12, later(1));
    await hear(12, 'ended', { told: later(1) });
    const last = async () => (await ledger.lastOf(instance, project, 'test'))?.images.at(-1)?.identities;
    expect(await last()).toEqual(['docker.io/library/alpine:latest']);

    gitlab.fail('trace', undefined);
    put(13, later(2));
    await hear(13, 'ended', { told: later(2) });
    expect(await last()).toEqual(RUBY);
    gitlab.fail('trace', new SidebandError('GITLAB_REFUSED'));
    put(14, later(3));
    expect(await hear(14, 'ended', { told: later(3) })).toMatchObject({ outcome: 'configuration' });
    expect(await last()).toEqual(RUBY);
  });
});

it('a job whose trace was erased used what its configuration says', async () => {
  const { put, hear, configured } = resolverFixture();
  configured.answer = RUBY_AND_MORE;
  put(11, {}, '');
  expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'configuration', uses: 1 });
  configured.answer = NO_CONFIGURATION;
  put(12, {}, '');
  const { missing } = NO_CONFIGURATION;
  expect(await hear(12, 'ended', { told })).toEqual({ outcome: 'no-trace', uses: 0, hosts: [ONE], missing });
  expect(await hear(12, 'ended', { told })).toMatchObject({ outcome: 'known' });
});

it('a job whose trace no runner has begun used what its configuration says', async () => {
  const { store, put, hear, configured, requests } = resolverFixture();
  configured.answer = RUBY_AND_MORE;
  put(11, {}, 'I am a log of another programme\nRunning with gitlab-runner 17.5.0 (abcdef12)\n');
  expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'configuration', uses: 1 });
  expect(await usesOn(store, ONE)).toEqual({ [RUBY_NAME]: FINISHED });
  expect(requests()).toEqual({ job: 1, trace: 1 });
});

it('a job whose trace is gone used none, where those of its name ran by an executor that uses none here', async () => {
  const { store, put, hear, configured, gitlab } = resolverFixture();
  configured.answer = RUBY_AND_MORE;
  put(11, {}, TRACE.replace('Preparing the "docker"', 'Preparing the "shell"'));
  expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'no-images' });
  put(12, {}, '');
  const missing = ['jobs of this name ran by an executor that uses none here'];
  expect(await hear(12, 'ended', { told })).toEqual({ outcome: 'no-trace', uses: 0, hosts: [ONE], missing });
  gitlab.fail('trace', new SidebandError('GITLAB_REFUSED'));
  put(13);
  expect(await hear(13, 'ended', { told })).toMatchObject({ outcome: 'trace-refused', uses: 0, missing });
  expect(await usesOn(store, ONE)).toEqual({});
  expect(configured.asked).toBe(0);
});

it('a job whose trace can be read costs no look at the configuration', async () => {
  const { put, hear, configured } = resolverFixture();
  configured.answer = RUBY_AND_MORE;
  put(11, {}, TRACE);
  await hear(11, 'ended', { told });
  expect(configured.asked).toBe(0);
});
