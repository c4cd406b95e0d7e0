import type { ProjectId } from '@sideband/shared/names';
import type { GitLabAdmin, HookOwner } from '../../gitlab/hooks-port.ts';
import { describeOwner, type HookTarget } from '../desired-hook.ts';
import { verifyHooks } from '../verify-hooks.ts';
import { type Finding, fine, warning } from './finding.ts';
import { some } from './some.ts';

/** Each costs two requests. */
const LOOKED_AT = 200;

/** How the hooks fare, as far as the token may see them. */
export async function checkHooks(
  admin: GitLabAdmin,
  target: HookTarget | undefined,
  projects: readonly ProjectId[],
  signs: boolean,
): Promise<readonly Finding[]> {
  if (target === undefined) {
    const advice =
      'Set it to the address where GitLab reaches the collector; reconcile alone is up to an hour behind.';
    return [warning('hooks', 'SIDEBAND_PUBLIC_URL is not set, so hooks were not looked at', advice)];
  }
  const missing: string[] = [];
  const wrong: string[] = [];
  let good = 0;
  let refused = 0;
  const looked = projects.slice(-LOOKED_AT);
  for (const project of looked) {
    const owner: HookOwner = { kind: 'project', project };
    const { hooks, error } = await verifyHooks(admin, target, owner, signs);
    const problems = hooks.flatMap((hook) => hook.problems);
    if (error !== undefined) refused += 1;
    else if (hooks.length === 0) missing.push(describeOwner(owner));
    else if (problems.length === 0) good += 1;
    else wrong.push(`${describeOwner(owner)} (${problems.map(({ text }) => text).join('; ')})`);
  }
  const findings = [
    fine('hooks', `${good} of ${looked.length} projects looked at have a hook as it should be`),
  ];
  if (refused > 0)
    findings.push(
      warning(
        'hooks-hidden',
        `the hooks of ${refused} projects cannot be seen`,
        'To see them takes api and the role Maintainer.',
      ),
    );
  if (missing.length > 0)
    findings.push(
      warning(
        'hooks-missing',
        `${missing.length} projects have none: ${some(missing)}`,
        'Install them (`sideband-collector hooks install`), or a group hook or the file hook that covers them; without, evidence is up to an hour late.',
      ),
    );
  if (wrong.length > 0)
    findings.push(
      warning(
        'hooks-wrong',
        `${wrong.length} projects have one that is wrong: ${some(wrong)}`,
        'Run `sideband-collector hooks install`.',
      ),
    );
  return [...findings, ...(await checkSystemHook(admin, target, signs))];
}

/** Only an administrator's token may see it; nothing is said to others, who need not know of it. */
async function checkSystemHook(
  admin: GitLabAdmin,
  target: HookTarget,
  signs: boolean,
): Promise<readonly Finding[]> {
  const { hooks, error } = await verifyHooks(admin, target, { kind: 'system' }, signs);
  if (error !== undefined) return [];
  const problems = hooks.flatMap((hook) => hook.problems);
  if (hooks.length === 0)
    return [fine('system-hook', 'there is no system hook of ours: new projects get no hook by themselves')];
  if (problems.length === 0) return [fine('system-hook', 'the system hook is as it should be')];
  const said = problems.map(({ text }) => text).join('; ');
  const advice = 'Run `sideband-collector hooks install --instance`.';
  return [warning('system-hook', `the system hook is wrong: ${said}`, advice)];
}
