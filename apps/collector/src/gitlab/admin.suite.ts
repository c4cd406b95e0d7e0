import type { Clock } from '@sideband/shared/clock';
import type { GroupId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GitLabAdmin, HookOwner, HookSettings } from './hooks-port.ts';

/** A GitLab 19 with one group and one project in it and no hooks, and the eyes to look inside. */
export interface AdminSubject {
  readonly admin: GitLabAdmin;
  readonly clock: Clock;
  /** What GitLab keeps of a hook and never shows. */
  secretsOf(owner: HookOwner, hook: number): Pick<HookSettings, 'token' | 'signingToken'>;
  stop(): Promise<void>;
}

export const ADMIN_GROUP = { path: 'group', id: 4 } as const;
export const ADMIN_PROJECT = { path: 'group/app', id: 7 } as const;

const NOWHERE = 404_404;
const notFound = { code: 'GITLAB_NOT_FOUND' };
const settings: HookSettings = {
  url: 'https://sideband.example/hooks/main/projects/7',
  token: 'a-token-of-this-source',
  signingToken: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  description: 'made with 0123abcd',
};
const changed: HookSettings = {
  url: 'https://sideband.example/hooks/main/elsewhere',
  token: 'another-token',
  signingToken: `whsec_${Buffer.alloc(32, 8).toString('base64')}`,
  description: 'made with 4567cdef',
};

const owners: readonly { owner: HookOwner; events: readonly string[] }[] = [
  { owner: { kind: 'project', project: ADMIN_PROJECT.id as ProjectId }, events: ['job_events'] },
  { owner: { kind: 'group', group: ADMIN_GROUP.id as GroupId }, events: ['job_events', 'project_events'] },
  { owner: { kind: 'system' }, events: [] },
];

/** What every GitLab must do for onboarding, the adapter with a server behind it and the in-memory twin alike. */
export function describeAdmin(name: string, start: () => Promise<AdminSubject>): void {
  describe(name, () => {
    let subject: AdminSubject;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(() => subject.stop());

    describe.each(owners)('a hook of $owner.kind', ({ owner, events }) => {
      test('is made for jobs only, with both secrets, listed, changed and removed', async () => {
        const { admin } = subject;
        expect(await admin.hooks(owner)).toEqual([]);

        const made = await admin.addHook(owner, settings);
        expect(made).toEqual({
          id: expect.any(Number),
          url: settings.url,
          events: expect.any(Array),
          verifiesTls: true,
          hasToken: true,
          hasSigningToken: true,
          description: settings.description,
          state: 'enabled',
          pausedUntil: undefined,
        });
        expect(made.events.toSorted()).toEqual(events);
        expect(await admin.hooks(owner)).toEqual([made]);
        expect(subject.secretsOf(owner, made.id)).toEqual({
          token: settings.token,
          signingToken: settings.signingToken,
        });

        const after = await admin.changeHook(owner, made.id, changed);
        expect(after).toEqual({ ...made, url: changed.url, description: changed.description });
        expect(await admin.hooks(owner)).toEqual([after]);
        expect(subject.secretsOf(owner, made.id)).toEqual({
          token: changed.token,
          signingToken: changed.signingToken,
        });

        await admin.removeHook(owner, made.id);
        expect(await admin.hooks(owner)).toEqual([]);
        await expect(admin.removeHook(owner, made.id)).rejects.toMatchObject(notFound);
        await expect(admin.changeHook(owner, made.id, settings)).rejects.toMatchObject(notFound);
      });

      test('has an empty log while nothing was sent, the system’s has none', async () => {
        const { admin } = subject;
        const { id } = await admin.addHook(owner, settings);
        expect(await admin.deliveries(owner, id)).toEqual(owner.kind === 'system' ? undefined : []);
        expect(await admin.deliveries(owner, NOWHERE)).toBeUndefined();
        await admin.removeHook(owner, id);
      });
    });

    test('many hooks are all listed', async () => {
      const { admin } = subject;
      const owner: HookOwner = { kind: 'project', project: ADMIN_PROJECT.id as ProjectId };
      const ids: number[] = [];
      for (let made = 0; made < 25; made += 1) ids.push((await admin.addHook(owner, settings)).id);
      const listed = await admin.hooks(owner);
      expect(listed.map((hook) => hook.id).toSorted((a, b) => a - b)).toEqual(ids);
      for (const id of ids) await admin.removeHook(owner, id);
    });

    test('projects and groups that are not there have no hooks', async () => {
      const { admin } = subject;
      const project: HookOwner = { kind: 'project', project: NOWHERE as ProjectId };
      const group: HookOwner = { kind: 'group', group: NOWHERE as GroupId };
      for (const owner of [project, group]) {
        await expect(admin.hooks(owner)).rejects.toMatchObject(notFound);
        await expect(admin.addHook(owner, settings)).rejects.toMatchObject(notFound);
      }
    });

    test('projects and groups are found by their paths and ids', async () => {
      const { admin } = subject;
      expect(await admin.projectId(String(ADMIN_PROJECT.id))).toBe(ADMIN_PROJECT.id);
      expect(await admin.groupId(String(ADMIN_GROUP.id))).toBe(ADMIN_GROUP.id);
      await expect(admin.projectId(String(NOWHERE))).rejects.toMatchObject(notFound);
      expect(await admin.projectId(ADMIN_PROJECT.path)).toBe(ADMIN_PROJECT.id);
      expect(await admin.groupId(ADMIN_GROUP.path)).toBe(ADMIN_GROUP.id);
      await expect(admin.projectId('group/gone')).rejects.toMatchObject(notFound);
      await expect(admin.groupId('gone')).rejects.toMatchObject(notFound);
      // Each is none of the other.
      await expect(admin.groupId(ADMIN_PROJECT.path)).rejects.toMatchObject(notFound);
    });

    test('says its version, its time in whole seconds, and what the token may do', async () => {
      const { admin, clock } = subject;
      const { version, at } = await admin.server();
      expect(version).toMatch(/^19\./);
      expect(Number(at) % 1_000).toBe(0);
      expect(Math.abs(clock.now() - Number(at))).toBeLessThan(5_000);
      const token = await admin.token();
      expect(token).toMatchObject({ name: expect.stringMatching(/./), expiresAt: undefined });
      expect(token.scopes).toContain('api');
    });
  });
}
