import type { Registration } from '@sideband/shared/hosts/records';
import type { SystemId } from '@sideband/shared/names';
import type { GitLab } from '../../gitlab/port.ts';
import { isRefusal } from './check-access.ts';
import type { SeenManagers } from './check-hosts.ts';
import { type Finding, fine, warning } from './finding.ts';
import { some } from './some.ts';

/** Each costs a request. */
const ASKED_RUNNERS = 500;

export interface Runners extends SeenManagers {
  readonly findings: readonly Finding[];
}

/** The runners that GitLab knows and their managers, beside the hosts that have a reaper (undefined: Redis was not asked). */
export async function checkRunners(
  gitlab: GitLab,
  registrations: readonly Registration[] | undefined,
): Promise<Runners> {
  const managers = new Set<SystemId>();
  let runners = 0;
  let refused = 0;
  let isCut = false;
  try {
    for await (const runner of gitlab.runners()) {
      isCut = runners === ASKED_RUNNERS;
      if (isCut) break;
      runners += 1;
      try {
        for (const manager of await gitlab.managers(runner)) managers.add(manager);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused += 1;
      }
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    runners = 0;
  }
  if (runners === 0) {
    const advice =
      'Projects are then found by membership only, and a job’s start costs a request more until its runner is known. An administrator’s token, or an owner’s, sees them.';
    return {
      managers,
      isComplete: false,
      findings: [warning('runners', 'the token sees no runner', advice)],
    };
  }
  const count = isCut ? `at least ${runners}` : runners;
  const findings = [
    fine('runners', `the token sees ${count} runners with ${managers.size} managers`),
    ...hidden(refused),
    ...withoutReaper(managers, registrations),
  ];
  return { managers, isComplete: !isCut && refused === 0, findings };
}

function hidden(refused: number): readonly Finding[] {
  if (refused === 0) return [];
  return [
    warning('managers', `the managers of ${refused} runners are refused`, 'They are learned from the jobs.'),
  ];
}

function withoutReaper(
  managers: ReadonlySet<SystemId>,
  registrations: readonly Registration[] | undefined,
): readonly Finding[] {
  if (registrations === undefined || managers.size === 0) return [];
  const served = new Set(registrations.flatMap(({ systemIds }) => systemIds));
  const without = [...managers].filter((manager) => !served.has(manager));
  if (without.length === 0) return [fine('reapers', 'each of these managers has a reaper')];
  const advice =
    'Their jobs’ uses wait under the manager until a reaper registers it. Kubernetes and shell runners need none.';
  return [warning('reapers', `${without.length} managers have no reaper: ${some(without)}`, advice)];
}
