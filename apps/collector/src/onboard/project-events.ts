import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { type InstanceName, type ProjectId, parseInstanceName, parseProjectId } from '@sideband/shared/names';
import type { onboardQueue } from '@sideband/shared/queues/catalogue';
import type { Handlers } from '@sideband/shared/queues/define';
import type { GitLabAdmin } from '../gitlab/hooks-port.ts';
import type { JobLedger } from '../resolve/ledger.ts';
import type { HookTarget } from './desired-hook.ts';
import { installHook, signsHooks } from './install-hooks.ts';

export interface OnboardParts {
  readonly admins: ReadonlyMap<InstanceName, GitLabAdmin>;
  /** Undefined: nobody said where GitLab reaches the collector, so no hook can be installed. */
  readonly targetOf: (instance: InstanceName) => HookTarget | undefined;
  readonly ledger: Pick<JobLedger, 'forgetProject'>;
  readonly log: Log;
}

/**
 * The worker of the onboard queue. Outcomes: `installed`, `kept` (the hook was there), `no-public-url`, `refused` (the
 * token may not), `gone`, `still-there` and `forgotten`.
 */
export function createOnboarder(parts: OnboardParts): Handlers<typeof onboardQueue.jobs> {
  const { admins, targetOf, ledger, log } = parts;

  function adminOf(instance: InstanceName): GitLabAdmin {
    const admin = admins.get(instance);
    if (admin !== undefined) return admin;
    throw new SidebandError('JOB_INVALID', { problem: 'no such GitLab', instance });
  }

  return {
    async 'project-created'(payload) {
      const { instance, project } = read(payload);
      const admin = adminOf(instance);
      const target = targetOf(instance);
      if (target === undefined) {
        log.info({ instance, project }, 'New project gets no hook: SIDEBAND_PUBLIC_URL is not set');
        return { outcome: 'no-public-url' };
      }
      const owner = { kind: 'project', project } as const;
      const { steps, error } = await installHook(admin, target, owner, {
        apply: true,
        signs: await signsHooks(admin),
      });
      // A 500 of one project passes as an outage does: the queue tries again.
      if (isSidebandError(error, 'GITLAB_UNAVAILABLE')) throw error;
      if (error !== undefined) {
        log.warn({ instance, project, err: error }, 'New project gets no hook; reconcile will find its jobs');
        return { outcome: isSidebandError(error, 'GITLAB_NOT_FOUND') ? 'gone' : 'refused' };
      }
      const isKept = steps.every(({ kind }) => kind === 'keep');
      log.info({ instance, project }, 'New project has its hook');
      return { outcome: isKept ? 'kept' : 'installed' };
    },
    async 'project-destroyed'(payload) {
      const { instance, project } = read(payload);
      // A group's owner can make GitLab say this of any project.
      if (await isThere(adminOf(instance), project)) return { outcome: 'still-there' };
      await ledger.forgetProject(instance, project);
      return { outcome: 'forgotten' };
    },
  };
}

async function isThere(admin: GitLabAdmin, project: ProjectId): Promise<boolean> {
  try {
    await admin.projectId(String(project));
    return true;
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return false;
    throw error;
  }
}

function read(payload: { readonly instance: string; readonly project: number }): {
  readonly instance: InstanceName;
  readonly project: ProjectId;
} {
  const instance = parseInstanceName(payload.instance);
  const project = parseProjectId(payload.project);
  if (instance.ok && project.ok) return { instance: instance.value, project: project.value };
  throw new SidebandError('JOB_INVALID', { problem: 'instance or project is none' });
}
