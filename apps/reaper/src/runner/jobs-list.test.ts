import { describe, expect, it } from 'vitest';
import { readJobsList } from './jobs-list.ts';

const PROJECT = 'https://gitlab.example.com/group/app';

function line(
  changes: Partial<Record<'url' | 'state' | 'stage' | 'executor' | 'duration', string>> = {},
): string {
  const { url = `${PROJECT}/-/jobs/7`, state = 'running', stage = 'prepare_script' } = changes;
  const { executor = 'docker_run', duration = '1m5.876837725s' } = changes;
  return `url=${url} state=${state} stage=${stage} executor_stage=${executor} duration=${duration}`;
}

describe('the runner’s list of jobs', () => {
  it('has a job a line', () => {
    const other = line({ url: 'http://GitLab.example.com:8080/gitlab/a/b/-/jobs/8', duration: '12µs' });
    expect(readJobsList(`${line()}\n${other}\n`)).toEqual({
      jobs: [
        { gitlab: 'gitlab.example.com', projectUrl: PROJECT, job: 7 },
        {
          gitlab: 'gitlab.example.com:8080',
          projectUrl: 'http://GitLab.example.com:8080/gitlab/a/b',
          job: 8,
        },
      ],
      unread: 0,
    });
  });

  it('is empty where no job runs', () => {
    expect(readJobsList('')).toEqual({ jobs: [], unread: 0 });
  });

  it.each([
    [{ state: 'pending', stage: '', executor: '' }, 1],
    [{ state: '', stage: '', executor: '', duration: '0s' }, 1],
    [{ duration: '59m59.9s' }, 1],
    [{ duration: '1h0m0s' }, 0],
    [{ duration: '123h59m5.391078748s' }, 0],
    [{ state: 'terminated' }, 0],
    [{ state: 'timedout' }, 0],
    [{ state: 'aborted' }, 0],
    [{ state: 'success' }, 0],
    [{ state: 'failed' }, 0],
    [{ state: 'canceled' }, 0],
  ])('counts what may still be prepared: %j → %d', (changes, count) => {
    const { jobs, unread } = readJobsList(`${line(changes)}\n`);
    expect([jobs.length, unread]).toEqual([count, 0]);
  });

  it.each([
    'id=7 url=https://gitlab.example.com/group/app.git state=running stage=build_script executor_stage=docker_run',
    '<html>',
    ` ${line()}`,
    `${line()} more=1`,
    `${line()}\r`,
    line({ duration: '1m5.8' }),
    line({ duration: '' }),
    line({ state: 'RUNNING' }),
    line({ url: `${PROJECT}.git` }),
    line({ url: `${PROJECT}/-/jobs/0` }),
    line({ url: `${PROJECT}/-/jobs/9007199254740993` }),
    line({ url: `${PROJECT}/-/jobs/7?x=1` }),
    line({ url: 'https://gitlab.example.com/-/jobs/7' }),
    line({ url: 'https://someone:secret@gitlab.example.com/group/app/-/jobs/7' }),
    line({ url: 'file:///group/app/-/jobs/7' }),
    line({ url: '/group/app/-/jobs/7' }),
    line({ url: `${PROJECT}/${'a'.repeat(2_100)}/-/jobs/7` }),
  ])('leaves out a line that is none of the runner’s: %#', (wrong) => {
    const { jobs, unread } = readJobsList(`${wrong}\n${line({ url: `${PROJECT}/-/jobs/9` })}\n`);
    expect(jobs.map(({ job }) => job)).toEqual([9]);
    expect(unread).toBe(1);
  });
});
