import type { Millis } from '@sideband/shared/clock';
import type { Entity } from './presenter.ts';
import type { ManagerRecord, RunnerRecord } from './runners.ts';
import { iso } from './times.ts';

/** `API::Entities::Ci::Runner`. */
export function runnerEntity(runner: RunnerRecord): Entity {
  return {
    id: runner.id,
    description: runner.description,
    ip_address: '',
    active: true,
    paused: false,
    is_shared: runner.type === 'instance_type',
    runner_type: runner.type,
    name: 'gitlab-runner',
    online: true,
    status: 'online',
  };
}

/** `API::Entities::Ci::RunnerDetails`, of the manager that came last. */
export function runnerDetailsEntity(runner: RunnerRecord, latest: ManagerRecord | undefined): Entity {
  return {
    ...runnerEntity(runner),
    tag_list: [],
    run_untagged: true,
    locked: false,
    maximum_timeout: null,
    access_level: 'not_protected',
    version: latest?.version ?? null,
    revision: latest === undefined ? null : 'abcdef12',
    platform: latest === undefined ? null : 'linux',
    architecture: latest === undefined ? null : 'amd64',
    contacted_at: iso(latest?.createdAt),
    maintenance_note: null,
    projects: [],
    groups: [],
  };
}

/** `API::Entities::Ci::RunnerManager`. */
export function managerEntity(
  manager: ManagerRecord,
  { contactedAt, isBusy }: { readonly contactedAt: Millis | undefined; readonly isBusy: boolean },
): Entity {
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: manager.version,
    revision: 'abcdef12',
    platform: 'linux',
    architecture: 'amd64',
    created_at: iso(manager.createdAt),
    contacted_at: iso(contactedAt),
    ip_address: '127.0.0.1',
    status: 'online',
    job_execution_status: isBusy ? 'active' : 'idle',
  };
}
