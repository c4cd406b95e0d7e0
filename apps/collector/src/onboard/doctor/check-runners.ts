import type { Registration } from '@sideband/shared/hosts/records';
import type { SystemId } from '@sideband/shared/names';
import type { GitLab } from '../../gitlab/port.ts';
import { isRefusal } from './check-access.ts';
import { type Finding, fine, warning } from './finding.ts';

const NAMED = 20;
const ASKED_RUNNERS = 500;

/** The runners that GitLab knows and their managers, beside the hosts that have a reaper (`undefined`: Redis was not asked). */
export async function checkRunners(
  gitlab: GitLab,
  registrations: readonly Registration[] | undefined,
): Promise<readonly Finding[]> {
  const managers = new Set<SystemId>();
  let runners = 0;
  let refused = 0;
  try {
    for await (const runner of gitlab.runners()) {
      runners += 1;
      if (runners > ASKED_RUNNERS) break;
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
    return [warning('runners', 'the token sees no runner', advice)];
  }
  const seen = fine('runners', `the token sees ${runners} runners with ${managers.size} managers`);
  const hidden =
    refused > 0
      ? [
          warning(
            'managers',
            `the managers of ${refused} runners are refused`,
            'They are learned from the jobs.',
          ),
        ]
      : [];
  return [seen, ...hidden, ...compare(managers, registrations)];
}

function compare(
  managers: ReadonlySet<SystemId>,
  registrations: readonly Registration[] | undefined,
): readonly Finding[] {
  if (registrations === undefined)
    return [fine('reapers', 'SIDEBAND_REDIS is not set, so hosts were not compared with managers')];
  const served = new Set(registrations.flatMap(({ systemIds }) => systemIds));
  const without = [...managers].filter((manager) => !served.has(manager));
  const strangers = registrations.filter(({ systemIds }) => !systemIds.some((id) => managers.has(id)));
  const findings: Finding[] = [];
  if (without.length > 0) {
    findings.push(
      warning(
        'reapers',
        `${without.length} managers have no reaper: ${some(without)}`,
        'Their jobs’ uses wait under the manager until a reaper registers it. Kubernetes and shell runners need none.',
      ),
    );
  }
  if (strangers.length > 0) {
    const hosts = some(strangers.map(({ host }) => host));
    findings.push(
      warning(
        'hosts',
        `${strangers.length} hosts serve no manager that the token sees: ${hosts}`,
        'Let the reaper read .runner_system_id, or set SIDEBAND_SYSTEM_IDS there.',
      ),
    );
  }
  if (findings.length === 0)
    findings.push(fine('reapers', `${registrations.length} hosts serve all of them`));
  return findings;
}

function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
