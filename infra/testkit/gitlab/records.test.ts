import { ManualClock, type Millis } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import { Records } from './records.ts';

const PICK_UP = { systemId: 's_0123456789ab' };

function recordsWithJob(): { records: Records; job: number } {
  const records = new Records(new ManualClock(1_000));
  const project = records.namespaces.addProject({ path: 'group/app' });
  return { records, job: records.addJob({ project: project.id, name: 'test' }).id };
}

describe('records', () => {
  it('let a job only go the way GitLab’s do', () => {
    const { records, job } = recordsWithJob();
    expect(() => records.start(job, PICK_UP)).toThrow(`Job ${job} is created, not pending`);
    expect(() => records.finish(job, 'success', undefined)).toThrow(`Job ${job} is created, not running`);
    expect(() => records.erase(job)).toThrow('not success or failed or canceled');
    records.enqueue(job);
    expect(() => records.enqueue(job)).toThrow(`Job ${job} is pending, not created`);
    expect(() => records.appendTrace(job, 'early')).toThrow(`Job ${job} is pending, not running`);
    records.start(job, PICK_UP);
    records.finish(job, 'success', undefined);
    expect(() => records.finish(job, 'canceled', undefined)).toThrow(`Job ${job} is success`);
  });

  it('let a job be cancelled before a runner took it', () => {
    const { records, job } = recordsWithJob();
    expect(records.finish(job, 'canceled', undefined)).toMatchObject({
      status: 'canceled',
      startedAt: undefined,
    });
  });

  it('let a manual job wait until somebody starts or cancels it', () => {
    const { records, job } = recordsWithJob();
    records.awaitPerson(records.job(job));
    expect(() => records.start(job, PICK_UP)).toThrow(`Job ${job} is manual, not pending`);
    expect(records.enqueue(job).status).toBe('pending');
    const { id } = records.addJob({ project: 1, name: 'old', createdAt: 500 as Millis });
    expect(records.job(id).createdAt).toBe(500);
  });

  it('give each pair of runner and system id one manager', () => {
    const { records } = recordsWithJob();
    const project = records.namespaces.addProject({ path: 'group/other' });
    const managers = [
      { runnerId: 1, systemId: 's_0123456789ab' },
      { runnerId: 1, systemId: 's_ba9876543210' },
      { runnerId: 2, systemId: 's_0123456789ab' },
      { runnerId: 1, systemId: 's_0123456789ab' },
    ].map((pickUp) => {
      const { id } = records.addJob({ project: project.id, name: 'test' });
      records.enqueue(id);
      return records.start(id, pickUp).manager?.id;
    });
    expect(managers).toEqual([1, 2, 3, 1]);
  });

  it('name what is unknown or there already', () => {
    const { records } = recordsWithJob();
    expect(() => records.job(1)).toThrow('There is no job 1');
    expect(() => records.addJob({ project: 9, name: 'test' })).toThrow('There is no project 9');
    expect(() => records.namespaces.addProject({ id: 1, path: 'group/twin' })).toThrow(
      'Project 1 exists already',
    );
  });
});
