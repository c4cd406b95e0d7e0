import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import type { GitLabAdmin } from '../../gitlab/hooks-port.ts';
import type { GitLab } from '../../gitlab/port.ts';
import type { HookTarget } from '../desired-hook.ts';
import { storesSigningTokens } from '../versions.ts';
import { checkAccess, isRefusal } from './check-access.ts';
import { checkHooks } from './check-hooks.ts';
import { checkRunners } from './check-runners.ts';
import { checkServer, checkToken } from './check-server.ts';
import { type Finding, problem, warning } from './finding.ts';

export interface Patient {
  readonly gitlab: GitLab;
  readonly admin: GitLabAdmin;
  readonly target: HookTarget | undefined;
  /** Undefined: Redis was not asked. */
  readonly registrations: readonly Registration[] | undefined;
  readonly clock: Clock;
}

/** All that can be found out about one GitLab without changing anything. A GitLab that cannot be asked is a finding. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    await look(patient, findings);
  } catch (error) {
    if (!isSidebandError(error) || !error.code.startsWith('GITLAB_')) throw error;
    const { code, message, remedy, details } = error;
    const about = [details['reason'], details['code'], details['status'], details['path']]
      .filter((part) => part !== undefined)
      .join(' ');
    findings.push(problem('gitlab', `${code}: ${message}${about === '' ? '' : ` (${about})`}`, remedy));
  }
  return findings;
}

async function look(patient: Patient, findings: Finding[]): Promise<void> {
  const { gitlab, admin, target, registrations, clock } = patient;
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
  findings.push(...(await checkRunners(gitlab, registrations)));
  findings.push(...(await checkHooks(admin, target, access.projects, storesSigningTokens(server.version))));
}
