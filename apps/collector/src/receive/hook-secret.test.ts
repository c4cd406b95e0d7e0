import { createHmac } from 'node:crypto';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import {
  type HookSource,
  hookPath,
  hookToken,
  masterFingerprint,
  signingKey,
  signingToken,
} from './hook-secret.ts';

const MASTER = 'the-master-secret';
const instance = 'gitlab.example.com' as InstanceName;
const sources: readonly HookSource[] = [
  { kind: 'project', project: 1 as ProjectId },
  { kind: 'project', project: 11 as ProjectId },
  { kind: 'group', group: 1 as GroupId },
  { kind: 'system' },
  { kind: 'file' },
];

test('an address names the instance and the source', () => {
  expect(sources.map((source) => hookPath(instance, source))).toEqual([
    '/hooks/gitlab.example.com/projects/1',
    '/hooks/gitlab.example.com/projects/11',
    '/hooks/gitlab.example.com/groups/1',
    '/hooks/gitlab.example.com/system',
    '/hooks/gitlab.example.com/file',
  ]);
});

test('no two sources, instances, masters or uses share a secret', () => {
  const secrets = ['the-master-secret', 'the-master-secret2'].flatMap((master) =>
    ['gitlab.example.com', 'gitlab.example.org'].flatMap((name) =>
      sources.flatMap((source) => [
        hookToken(master, name as InstanceName, source),
        signingKey(master, name as InstanceName, source).toString('base64url'),
      ]),
    ),
  );
  expect(new Set(secrets).size).toBe(40);
});

// GitLab keeps them: another text here and every hook that is installed is refused.
test('stays what it was when hooks were installed', () => {
  const project: HookSource = { kind: 'project', project: 42 as ProjectId };
  const hmac = (use: string): Buffer =>
    createHmac('sha256', MASTER).update(`sideband hook 1\n${use}\ngitlab.example.com\nprojects/42`).digest();
  expect(hookToken(MASTER, instance, project)).toBe(hmac('token').toString('base64url'));
  expect(signingKey(MASTER, instance, project)).toEqual(hmac('signing'));
});

test('has the form that GitLab takes', () => {
  for (const source of sources) {
    expect(hookToken(MASTER, instance, source)).toMatch(/^[\w-]{43}$/);
    const [, key = ''] = /^whsec_([A-Za-z0-9+/]{43}=)$/.exec(signingToken(MASTER, instance, source)) ?? [];
    expect(Buffer.from(key, 'base64')).toEqual(signingKey(MASTER, instance, source));
  }
});

test('a fingerprint tells masters apart', () => {
  expect(masterFingerprint(MASTER)).toMatch(/^[0-9a-f]{8}$/);
  expect(masterFingerprint(`${MASTER}2`)).not.toBe(masterFingerprint(MASTER));
});
