import type { Registration } from '@sideband/shared/hosts/records';
import type { SystemId } from '@sideband/shared/names';
import { type Finding, fine, warning } from './finding.ts';
import { some } from './some.ts';

/** The runner managers that one GitLab names. */
export interface SeenManagers {
  readonly managers: ReadonlySet<SystemId>;
  /** There are no others: every runner was asked, and none refused. */
  readonly isComplete: boolean;
}

/** The hosts that have a reaper (undefined: Redis was not asked), beside the managers of all GitLabs together. */
export function checkHosts(
  registrations: readonly Registration[] | undefined,
  seen: readonly SeenManagers[],
): readonly Finding[] {
  if (registrations === undefined)
    return [fine('hosts', 'Redis was not asked, or did not answer: hosts were not compared with managers')];
  if (!seen.every(({ isComplete }) => isComplete))
    return [fine('hosts', 'not all managers are known, so no host was looked for among them')];
  const strangers = registrations.filter(
    ({ systemIds }) => !systemIds.some((id) => seen.some(({ managers }) => managers.has(id))),
  );
  if (strangers.length === 0)
    return [fine('hosts', `${registrations.length} hosts have a reaper, and each serves a manager`)];
  const hosts = some(strangers.map(({ host }) => host));
  return [
    warning(
      'hosts',
      `${strangers.length} hosts serve no manager that the token sees: ${hosts}`,
      'Let the reaper read .runner_system_id, or set SIDEBAND_SYSTEM_IDS there.',
    ),
  ];
}
