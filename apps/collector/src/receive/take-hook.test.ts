import type { ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  FILE,
  GITLAB,
  GROUP,
  job,
  MASTER,
  NOW,
  openReceiver,
  PROJECT,
  post,
  type Receiver,
} from './hook-fixture.suite.ts';
import { hookToken } from './hook-secret.ts';

const resent = { id: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' };

let receiver: Receiver;

beforeEach(async () => {
  receiver = await openReceiver();
});

afterEach(() => receiver.app.close());

describe('the same event twice', () => {
  test('with an id it is a duplicate, signed or not, whatever it says', async () => {
    expect(await post(receiver, job, resent)).toEqual([202, 'queued']);
    expect(await post(receiver, job, resent)).toEqual([202, 'duplicate']);
    expect(await post(receiver, { ...job, build_status: 'success' }, resent)).toEqual([202, 'duplicate']);
    expect(await post(receiver, job, { ...resent, signedBy: MASTER })).toEqual([202, 'duplicate']);
    expect([...receiver.queued.keys()]).toEqual(['gitlab.example.com-7-42-running']);
  });

  test('without one it is one by its job and status', async () => {
    expect(await post(receiver, job)).toEqual([202, 'queued']);
    expect(await post(receiver, job)).toEqual([202, 'queued']);
    expect(await post(receiver, { ...job, build_status: 'failed' })).toEqual([202, 'queued']);
    expect(await post(receiver, { ...job, build_status: 'success' })).toEqual([202, 'queued']);
    expect([...receiver.queued.keys()]).toEqual([
      'gitlab.example.com-7-42-running',
      'gitlab.example.com-7-42-ended',
    ]);
  });

  test('the ids of one source say nothing of those of another', async () => {
    expect(await post(receiver, job, { ...resent, source: FILE })).toEqual([202, 'queued']);
    expect(await post(receiver, job, { ...resent, source: PROJECT })).toEqual([202, 'queued']);
  });

  test('an id without end is none', async () => {
    const endless = { id: 'x'.repeat(256) };
    expect(await post(receiver, job, endless)).toEqual([202, 'queued']);
    expect(await post(receiver, job, endless)).toEqual([202, 'queued']);
  });
});

describe('a signed request', () => {
  const signed = { ...resent, token: null, signedBy: MASTER };

  test('is taken once, and the event may be sent again', async () => {
    expect(await post(receiver, job, signed)).toEqual([202, 'queued']);
    expect(await post(receiver, job, signed)).toEqual([401, 'replayed']);
    expect(await post(receiver, job, { ...signed, signedAt: NOW + 1_000 })).toEqual([202, 'duplicate']);
    expect(await post(receiver, job, { ...signed, signedAt: NOW + 1_000 })).toEqual([401, 'replayed']);
    expect(receiver.outcomes).toEqual([
      'project queued',
      'project replayed',
      'project duplicate',
      'project replayed',
    ]);
  });

  test('is a replay with the token as well, as long as its signature is good', async () => {
    const early = { ...resent, signedBy: MASTER, signedAt: NOW + 299_000 };
    expect(await post(receiver, job, early)).toEqual([202, 'queued']);
    receiver.clock.advance(598_000);
    expect(await post(receiver, job, early)).toEqual([401, 'replayed']);
    receiver.clock.advance(2_000);
    expect(await post(receiver, job, early)).toEqual([401, 'unauthorized']);
  });

  test('comes once also when nothing follows from it', async () => {
    expect(await post(receiver, { object_kind: 'push' }, signed)).toEqual([202, 'other-event']);
    expect(await post(receiver, { object_kind: 'push' }, signed)).toEqual([401, 'replayed']);
  });
});

describe('the end of a job', () => {
  const ended = {
    ...job,
    build_status: 'success',
    build_name: 'test',
    build_created_at: '2026-03-01T11:59:00.000Z',
    build_finished_at: '2026-03-01T12:00:00.000Z',
  };
  const details = { name: 'test', createdAt: NOW - 60_000, finishedAt: NOW };

  test.each([
    ['a project', PROJECT, { details }],
    ['the file hook', FILE, { details }],
    // Its owner may speak of projects of others, so GitLab itself is asked.
    ['a group', GROUP, {}],
  ])('told by %s', async (_, source, more) => {
    await post(receiver, ended, { source });
    expect([...receiver.queued.values()]).toEqual([
      { instance: GITLAB, project: 7, job: 42, status: 'ended', receivedAt: NOW, ...more },
    ]);
  });

  test('its beginning keeps its details: nothing is decided by them', async () => {
    await post(receiver, { ...ended, build_status: 'created' }, { source: GROUP });
    expect([...receiver.queued.values()]).toMatchObject([{ status: 'expected', details }]);
  });
});

describe('a source that tells of too much', () => {
  function pipeline(first: number, project = 7): object {
    const builds = Array.from({ length: 2_000 }, (_, index) => ({ id: first + index, status: 'pending' }));
    return { object_kind: 'pipeline', project: { id: project }, builds };
  }

  test('is refused for the rest of its minute, and nobody else is', async () => {
    for (let sent = 0; sent < 5; sent += 1) {
      expect(await post(receiver, pipeline(1 + sent * 2_000))).toEqual([202, 'queued']);
    }
    expect(await post(receiver, pipeline(20_000))).toEqual([503, 'limited']);
    expect(await post(receiver, job)).toEqual([503, 'limited']);
    expect(receiver.queued.size).toBe(10_000);
    expect(receiver.log().match(/Hook tells of too much/g)).toHaveLength(1);

    expect(await post(receiver, job, { source: GROUP })).toEqual([202, 'queued']);
    const other = { source: { kind: 'project', project: 8 as ProjectId } } as const;
    expect(await post(receiver, { ...job, project_id: 8 }, other)).toEqual([202, 'queued']);
    receiver.clock.advance(60_000);
    expect(await post(receiver, job)).toEqual([202, 'queued']);
  });

  test('says it again later: what was refused is not remembered as taken', async () => {
    const signed = { ...resent, token: null, signedBy: MASTER };
    for (let sent = 0; sent < 5; sent += 1) await post(receiver, pipeline(1 + sent * 2_000));
    expect(await post(receiver, job, signed)).toEqual([503, 'limited']);
    receiver.clock.advance(60_000);
    expect(await post(receiver, job, signed)).toEqual([202, 'queued']);
  });

  test('what comes twice counts once', async () => {
    for (let sent = 0; sent < 9; sent += 1) await post(receiver, pipeline(1), resent);
    expect(await post(receiver, pipeline(1), { id: 'another' })).toEqual([202, 'queued']);
  });
});

describe('while the queue is away', () => {
  let isAway: boolean;
  const broken = [
    ['rejects', async () => Promise.reject(new Error('Connection is closed.'))],
    [
      'throws',
      () => {
        throw new Error('Stream isn’t writeable');
      },
    ],
  ] as const;

  test.each(broken)(
    'the answer is a 503 at once when it %s, and the same hook may come again',
    async (_, fail) => {
      isAway = true;
      const own = await openReceiver({ enqueue: () => (isAway ? fail() : Promise.resolve()) });
      const startedAt = performance.now();
      for (const sending of [{}, resent, { ...resent, token: null, signedBy: MASTER }]) {
        isAway = true;
        expect(await post(own, job, sending)).toEqual([503, 'queue-away']);
        expect(await post(own, job, sending)).toEqual([503, 'queue-away']);
      }
      expect(performance.now() - startedAt).toBeLessThan(900);
      isAway = false;
      expect(await post(own, job, { ...resent, token: null, signedBy: MASTER })).toEqual([202, 'queued']);
      expect(await post(own, job, resent)).toEqual([202, 'duplicate']);
      await own.app.close();
    },
  );

  test('the answer is a 503 after a second when it says nothing', async () => {
    const silent = await openReceiver({ enqueue: () => new Promise(() => {}) });
    const startedAt = performance.now();
    const answer = await silent.app.inject({ method: 'POST', url: '/hooks/x/system' });
    expect(answer.statusCode).toBe(401);
    expect(await post(silent, job)).toEqual([503, 'queue-away']);
    expect(performance.now() - startedAt).toBeLessThan(1_900);
    await silent.app.close();
  });

  test('what need not be queued is accepted as ever', async () => {
    const own = await openReceiver({ enqueue: () => Promise.reject(new Error('Connection is closed.')) });
    expect(await post(own, { ...job, build_status: 'manual' }, resent)).toEqual([202, 'not-needed']);
    await own.app.close();
  });

  test('without the memory of deliveries nothing with an id is taken', async () => {
    const gone = async (): Promise<never> => Promise.reject(new Error('Connection is closed.'));
    const own = await openReceiver({ deliveries: { claim: gone, remember: gone, release: gone } });
    expect(await post(own, job, resent)).toEqual([503, 'queue-away']);
    expect(await post(own, { object_kind: 'push' }, { token: null, signedBy: MASTER })).toEqual([
      503,
      'queue-away',
    ]);
    expect(own.queued.size).toBe(0);
    await own.app.close();
  });

  test('a 503 says when to come again', async () => {
    const own = await openReceiver({ enqueue: () => Promise.reject(new Error('Connection is closed.')) });
    const answer = await own.app.inject({
      method: 'POST',
      url: '/hooks/gitlab.example.com/projects/7',
      headers: { 'x-gitlab-token': hookToken(MASTER, GITLAB, PROJECT) },
      payload: job,
    });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    await own.app.close();
  });
});
