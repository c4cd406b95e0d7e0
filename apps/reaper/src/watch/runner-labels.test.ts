import type { InstanceName } from '@sideband/shared/names';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobKeyOf, readRunnerLabels } from './runner-labels.ts';
import { MANAGER, runnerLabels } from './watch-lab.suite.ts';

const URL_OF = 'https://gitlab.example.com/group/app/-/jobs/77';

describe('the labels of a container', () => {
  it('say which job of which project of which GitLab it belongs to', () => {
    expect(readRunnerLabels(runnerLabels(77, 'build'))).toEqual({
      role: 'build',
      job: {
        job: 77,
        project: 42,
        gitlab: 'gitlab.example.com',
        projectUrl: 'https://gitlab.example.com/group/app',
      },
      manager: MANAGER,
    });
  });

  it.each([
    ['build', 'build'],
    ['service', 'service'],
    ['predefined', 'helper'],
    ['wait', 'helper'],
    ['cache-init', 'helper'],
    ['something-new', 'helper'],
  ])('of type %s say that it is a %s', (type, role) => {
    expect(readRunnerLabels(runnerLabels(1, type)).role).toBe(role);
  });

  it('of another container say nothing', () => {
    const nothing = { role: 'container', job: undefined, manager: undefined };
    expect(readRunnerLabels({})).toEqual(nothing);
    expect(readRunnerLabels({ 'com.docker.compose.project': 'x', type: 'build' })).toEqual(nothing);
  });

  it('of a runner before 18.4 name no manager', () => {
    expect(readRunnerLabels(runnerLabels(1, 'build', { 'runner.system_id': '' })).manager).toBeUndefined();
  });

  it.each([
    ['https://gitlab.example.com:8443/group/app/-/jobs/77', 'gitlab.example.com:8443'],
    ['http://GitLab.Example.com/group/app/-/jobs/77', 'gitlab.example.com'],
    ['https://example.com/gitlab/group/sub/app/-/jobs/77', 'example.com'],
    ['https://[2001:db8::1]/group/app/-/jobs/77', '[2001:db8::1]'],
  ])('are read from %s', (url, gitlab) => {
    const { job } = readRunnerLabels(runnerLabels(77, 'build', { 'job.url': url }));
    expect(job).toMatchObject({ gitlab, projectUrl: url.slice(0, -'/-/jobs/77'.length) });
  });

  it.each([
    { 'job.url': 'https://gitlab.example.com/group/app/-/jobs/78' },
    { 'job.url': 'https://token:secret@gitlab.example.com/group/app/-/jobs/77' },
    { 'job.url': `${URL_OF}?x=1` },
    { 'job.url': `${URL_OF}\n` },
    { 'job.url': 'ftp://gitlab.example.com/group/app/-/jobs/77' },
    { 'job.url': 'https://gitlab.example.com/group/../other/app/-/jobs/77' },
    { 'job.url': 'https://gitlab.example.com/app/-/jobs/77' },
    { 'job.url': 'https://gitlab.example.com/group/a pp/-/jobs/77' },
    { 'job.url': 'https://gitlab.example.com:99999/group/app/-/jobs/77' },
    { 'job.url': `https://gitlab.example.com/${'a'.repeat(1_100)}/app/-/jobs/77` },
    { 'job.url': '' },
    { 'job.id': '077' },
    { 'job.id': '-77' },
    { 'job.id': '7.7e1' },
    { 'job.id': '9999999999999999' },
    { 'project.id': '0' },
    { 'project.id': '__proto__' },
  ])('that are forged name no job: %j', (forged) => {
    expect(readRunnerLabels(runnerLabels(77, 'build', forged)).job).toBeUndefined();
  });

  it.each(['s_0123456789a', 's_0123456789ab\n', 'x_0123456789ab', '../../../../ab'])(
    'that are forged name no manager: %j',
    (forged) => {
      expect(
        readRunnerLabels(runnerLabels(1, 'build', { 'runner.system_id': forged })).manager,
      ).toBeUndefined();
    },
  );

  it('never let through what is no id and no address, whatever they are', () => {
    const name = fc.constantFrom('job.id', 'job.url', 'project.id', 'runner.system_id', 'type');
    const value = fc.oneof(fc.string(), fc.constantFrom('77', URL_OF, `${URL_OF}7`, MANAGER, 'build'));
    fc.assert(
      fc.property(fc.dictionary(name, value), (labels) => {
        const { job, manager } = readRunnerLabels(runnerLabels(77, 'build', labels));
        if (job !== undefined) {
          expect(Number.isSafeInteger(job.job) && Number.isSafeInteger(job.project)).toBe(true);
          expect(`${job.projectUrl}/-/jobs/${job.job}`).toMatch(/^https?:\/\/[\w.:[\]-]+(?:\/[\w.-]+)+$/);
        }
        expect(manager ?? MANAGER).toMatch(/^[sr]_\w{12}$/);
      }),
    );
  });
});

describe('what a job is called in the evidence', () => {
  const keyOf = (url: string, instance?: string) => {
    const { job } = readRunnerLabels(runnerLabels(77, 'build', { 'job.url': url }));
    return job === undefined ? 'no job' : jobKeyOf(job, () => instance as InstanceName | undefined)?.instance;
  };

  it('begins with what its GitLab is called there, or else with its host', () => {
    expect(keyOf(URL_OF, 'blue')).toBe('blue');
    expect(keyOf(URL_OF)).toBe('gitlab.example.com');
    expect(keyOf('https://gitlab.example.com:8443/group/app/-/jobs/77')).toBe('gitlab.example.com');
  });

  it('is not known where its host makes no such name', () => {
    expect(keyOf('https://[2001:db8::1]/group/app/-/jobs/77')).toBeUndefined();
    expect(keyOf(`https://${'a'.repeat(60)}.example.com/group/app/-/jobs/77`)).toBeUndefined();
  });
});
