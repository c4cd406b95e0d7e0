import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jobEventId } from './job-event.ts';

const event = { instance: 'gitlab.example.com', project: 7, job: 42, status: 'ended' } as const;

test('names the instance, the project, the job and the news', () => {
  expect(jobEventId(event)).toBe('gitlab.example.com-7-42-ended');
});

test('has no colon, which BullMQ refuses, and is different for different news', () => {
  const news = fc.record({
    instance: fc.stringMatching(/^[a-z0-9.-]{1,63}$/),
    project: fc.integer({ min: 1 }),
    job: fc.integer({ min: 1 }),
    status: fc.constantFrom('expected' as const, 'running' as const, 'ended' as const),
  });
  fc.assert(
    fc.property(news, news, (one, other) => {
      expect(jobEventId(one)).not.toContain(':');
      const same = JSON.stringify(one) === JSON.stringify(other);
      expect(jobEventId(one) === jobEventId(other)).toBe(same);
    }),
  );
});
