import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import type { GitLabAdmin } from '../../gitlab/hooks-port.ts';
import type { GitLab } from '../../gitlab/port.ts';
import type { HookTarget } from '../desired-hook.ts';
import { unmetRequirement } from '../unmet-requirement.ts';
import { storesSigningTokens } from '../versions.ts';
import { checkAccess, isRefusal } from './check-access.ts';
import { checkHooks } from './check-hooks.ts';
import type { SeenManagers } from './check-hosts.ts';
import { checkRunners } from './check-runners.ts';
import { checkServer, checkToken } from './check-server.ts';
import { type Finding, problem, warning } from './finding.ts';

export interface Patient {
  readonly gitlab: GitLab;
  readonly admin: GitLabAdmin;
  readonly target: HookTarget | undefined;
  /** The collector takes no hook without one. */
  readonly wantsSignature: boolean;
  /** Undefined: Redis was not asked. */
  readonly registrations: readonly Registration[] | undefined;
  readonly clock: Clock;
}

interface Examination extends SeenManagers {
  readonly findings: readonly Finding[];
}

/** All that can be found out about one GitLab without changing anything. A GitLab that cannot be asked is a finding. */
export async function examine(patient: Patient): Promise<Examination> {
  const findings: Finding[] = [];
  let seen: SeenManagers = { managers: new Set(), isComplete: false };
  try {
    await look(patient, findings, (managers) => {
      seen = managers;
    });
  } catch (error) {
    if (!isSidebandError(error) || !error.code.startsWith('GITLAB_')) throw error;
    const { code, message, remedy, details } = error;
    const about = [details['reason'], details['code'], details['status'], details['path']]
      .filter((part) => part !== undefined)
      .join(' ');
    findings.push(problem('gitlab', `${code}: ${message}${about === '' ? '' : ` (${about})`}`, remedy));
  }
  return { findings, managers: seen.managers, isComplete: seen.isComplete };
}

async function look(
  patient: Patient,
  findings: Finding[],
  onManagers: (seen: SeenManagers) => void,
): Promise<void> {
  const { gitlab, admin, target, wantsSignature, registrations, clock } = patient;
  const server = await admin.server();
  findings.push(...checkServer(server, clock.now()));
  try {
    findings.push(...checkToken(await admin.token(), clock.now()));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    findings.push(
      warning('token-scopes', 'GitLab does not tell what the token may', 'What it may is tried out below.'),
    );
  }
  const access = await checkAccess(gitlab);
  findings.push(...access.findings);
  const runners = await checkRunners(gitlab, registrations);
  findings.push(...runners.findings);
  onManagers(runners);
  const signs = storesSigningTokens(server.version);
  const unmet = unmetRequirement(wantsSignature, signs);
  if (unmet !== undefined) findings.push(problem('hook-require', unmet, 'Set it to either, or to token.'));
  findings.push(...(await checkHooks(admin, target, access.projects, signs)));
}
