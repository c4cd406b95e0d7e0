import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAllowList } from './allow-list.ts';
import {
  GITLAB,
  job,
  MASTER,
  NOW,
  openReceiver,
  PROJECT,
  post,
  type Receiver,
  reception,
  SYSTEM,
} from './hook-fixture.suite.ts';
import { hookToken } from './hook-secret.ts';

let receiver: Receiver;

beforeEach(async () => {
  receiver = await openReceiver();
});

afterEach(() => receiver.app.close());

/** With other options than the usual ones. */
async function reopen(options: Parameters<typeof openReceiver>[0]): Promise<void> {
  await receiver.app.close();
  receiver = await openReceiver(options);
}

describe('without the right proof', () => {
  test.each([
    ['none', { token: null }],
    ['an empty token', { token: '' }],
    ['a wrong token', { token: 'x'.repeat(43) }],
    [
      'the token of another project',
      { token: hookToken(MASTER, GITLAB, { kind: 'project', project: 8 as ProjectId }) },
    ],
    ['the token of the system hook', { token: hookToken(MASTER, GITLAB, SYSTEM) }],
    [
      'the token of another GitLab',
      { token: hookToken(MASTER, 'gitlab.example.org' as InstanceName, PROJECT) },
    ],
    ['the token of another master', { token: hookToken('other', GITLAB, PROJECT) }],
    ['the signature of another master', { token: null, signedBy: 'other' }],
    ['the right token and a wrong signature', { signedBy: 'other' }],
    ['a wrong token and the right signature', { token: 'x', signedBy: MASTER }],
    ['a signature of five minutes ago', { token: null, signedBy: MASTER, signedAt: NOW - 301_000 }],
    ['a signature of five minutes later', { token: null, signedBy: MASTER, signedAt: NOW + 301_000 }],
  ])('%s: one answer, and the body is not looked at', async (_, sending) => {
    expect(await post(receiver, '{"not json', sending)).toEqual([401, 'unauthorized']);
    expect(receiver.outcomes).toEqual(['project unauthorized']);
  });

  test('an address that names nothing is answered as a wrong token is', async () => {
    const headers = { 'x-gitlab-token': hookToken(MASTER, GITLAB, PROJECT) };
    const known = await inject(`/hooks/${GITLAB}/projects/7`, { 'x-gitlab-token': 'x' });
    for (const url of [
      '/hooks/gitlab.example.org/projects/7',
      '/hooks/GITLAB.example.com/projects/7',
      '/hooks/a%2Fb/system',
      `/hooks/${GITLAB}/projects/07`,
      `/hooks/${GITLAB}/projects/x`,
      `/hooks/${GITLAB}/projects/0`,
      `/hooks/${GITLAB}/groups/-3`,
      `/hooks/${GITLAB}/groups/99999999999999999999`,
    ]) {
      expect([url, await inject(url, headers)]).toEqual([url, known]);
    }
  });

  test('neither the answer nor the log shows a secret or the body', async () => {
    await post(receiver, { ...job, note: 'the-body' }, { token: 'a-guess' });
    await post(receiver, { ...job, note: 'the-body' }, { signedBy: 'other' });
    expect(receiver.log()).not.toMatch(/a-guess|the-body|master/);
    expect(receiver.log().trim().split('\n')).toHaveLength(2);
  });

  test('a body that does not arrive as it was announced counts as a wrong proof, while nobody vouches for it', async () => {
    const headers = { 'content-length': '3' };
    const words: string[] = [];
    for (let sent = 0; sent < 100; sent += 1) {
      words.push((await post(receiver, job, { token: null, signedBy: 'other', headers }))[1]);
    }
    expect([...new Set(words)]).toEqual(['cut-off', 'limited']);
    expect(words.filter((word) => word === 'limited')).toHaveLength(40);
    expect(await post(receiver, job, { headers })).toEqual([400, 'cut-off']);
  });

  test('a flood is limited and leaves few lines; GitLab goes on as before', async () => {
    const answers: string[] = [];
    for (let sent = 0; sent < 100; sent += 1) answers.push((await post(receiver, job, { token: null }))[1]);
    expect(answers.filter((word) => word === 'limited')).toHaveLength(40);
    expect(receiver.log().trim().split('\n')).toHaveLength(60);
    expect(await post(receiver, job)).toEqual([202, 'queued']);
    // Only a body could tell who this is, and bodies of this address are not read for a while.
    expect(await post(receiver, job, { token: null, signedBy: MASTER })).toEqual([429, 'limited']);
  });

  async function inject(url: string, headers: Record<string, string>): Promise<unknown> {
    const {
      statusCode,
      body,
      headers: answered,
    } = await receiver.app.inject({ method: 'POST', url, headers });
    return [statusCode, body, { ...answered, date: undefined }];
  }
});

describe('proofs', () => {
  test.each([
    ['either', [202, 202, 202]],
    ['token', [202, 401, 202]],
    ['signature', [401, 202, 202]],
    ['both', [401, 401, 202]],
  ] as const)('%s', async (require, statuses) => {
    await reopen({ instances: new Map([[GITLAB, reception({ require })]]) });
    const [token] = await post(receiver, job);
    const [signature] = await post(receiver, job, { token: null, signedBy: MASTER, id: 'a' });
    const [both] = await post(receiver, job, { signedBy: MASTER, id: 'b' });
    expect([token, signature, both]).toEqual(statuses);
  });

  test('masters change while it runs, and a hook of the old one is good as long as it is there', async () => {
    let masters = ['old'];
    await reopen({ instances: new Map([[GITLAB, reception({ masters: () => masters })]]) });
    const old = { token: hookToken('old', GITLAB, PROJECT) };
    const signed = { token: null, signedBy: 'old' };
    expect(await post(receiver, job, old)).toEqual([202, 'queued']);
    expect(await post(receiver, job)).toEqual([401, 'unauthorized']);
    masters = [MASTER, 'old'];
    expect(await post(receiver, job, old)).toEqual([202, 'queued']);
    expect(await post(receiver, job, { ...signed, id: 'a' })).toEqual([202, 'queued']);
    expect(await post(receiver, job)).toEqual([202, 'queued']);
    masters = [MASTER];
    expect(await post(receiver, job, old)).toEqual([401, 'unauthorized']);
    expect(await post(receiver, job, { ...signed, id: 'b' })).toEqual([401, 'unauthorized']);
    expect(await post(receiver, job)).toEqual([202, 'queued']);
  });

  test('masters that cannot be read are our fault, not the sender’s', async () => {
    const masters = (): never => {
      throw new Error('EACCES: /run/secrets/hook');
    };
    await reopen({ instances: new Map([[GITLAB, reception({ masters })]]) });
    expect(await post(receiver, job)).toEqual([503, 'failed']);
  });

  test('each GitLab has its own secrets, and its jobs its name', async () => {
    const other = 'gitlab.example.org' as InstanceName;
    await reopen({
      instances: new Map([
        [GITLAB, reception()],
        [other, reception({ masters: () => ['theirs'] })],
      ]),
    });
    expect(await post(receiver, job, { instance: other })).toEqual([401, 'unauthorized']);
    const theirs = { instance: other, token: hookToken('theirs', other, PROJECT) };
    expect(await post(receiver, job, theirs)).toEqual([202, 'queued']);
    expect([...receiver.queued.keys()]).toEqual(['gitlab.example.org-7-42-running']);
  });
});

describe('the list of addresses', () => {
  const allow = createAllowList(['192.0.2.0/24']);
  const forwardedFor = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  test('who is not on it is refused before anything else', async () => {
    await reopen({
      instances: new Map([[GITLAB, reception({ allow })]]),
    });
    expect(await post(receiver, job, forwardedFor('192.0.2.9'))).toEqual([202, 'queued']);
    expect(await post(receiver, job, forwardedFor('::ffff:192.0.2.9'))).toEqual([202, 'queued']);
    expect(await post(receiver, job, forwardedFor('192.0.3.9'))).toEqual([403, 'not-allowed']);
    expect(await post(receiver, job, forwardedFor('nonsense'))).toEqual([403, 'not-allowed']);
    // The proxy adds the last one; those before it are the sender's own invention.
    expect(await post(receiver, job, forwardedFor('192.0.2.9, 192.0.3.9'))).toEqual([403, 'not-allowed']);
    const elsewhere = { ...forwardedFor('192.0.3.9'), instance: 'gitlab.example.org' as InstanceName };
    expect(await post(receiver, job, elsewhere)).toEqual([403, 'not-allowed']);
  });

  test('a flood of them is limited as any other, and leaves few lines', async () => {
    await reopen({ instances: new Map([[GITLAB, reception({ allow })]]) });
    const words: string[] = [];
    for (let sent = 0; sent < 100; sent += 1) {
      words.push((await post(receiver, job, forwardedFor('192.0.3.9')))[1]);
    }
    expect(words.filter((word) => word === 'not-allowed')).toHaveLength(60);
    expect(words.filter((word) => word === 'limited')).toHaveLength(40);
    expect(receiver.log().trim().split('\n')).toHaveLength(60);
  });

  test('one GitLab does not speak for another, nor hear that there is one', async () => {
    const other = 'gitlab.example.org' as InstanceName;
    await reopen({
      instances: new Map([
        [GITLAB, reception({ allow })],
        [other, reception()],
      ]),
    });
    expect(await post(receiver, job, forwardedFor('192.0.3.9'))).toEqual([401, 'unauthorized']);
    expect(await post(receiver, job, { ...forwardedFor('192.0.3.9'), instance: other })).toEqual([
      202,
      'queued',
    ]);
  });
});
