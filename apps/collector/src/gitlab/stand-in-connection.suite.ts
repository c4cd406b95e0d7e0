import type { GitLabStandIn } from '@sideband/infra/testkit/gitlab/stand-in';
import { systemClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import { connectGitLab, type GitLabConnection } from './connect-gitlab.ts';
import { createMemoryBudget } from './guest/memory-budget.ts';

/** The only token of the suites' GitLabs. */
export const STAND_IN_TOKEN = 'glpat-for-the-suite';
/** More than any test asks. */
const REQUESTS_PER_MINUTE = 600_000;

/** The adapters before a stand-in, or before anything at that address. */
export function connectStandIn(
  { url }: Pick<GitLabStandIn, 'url'>,
  token: () => string = () => STAND_IN_TOKEN,
): GitLabConnection {
  const settings = {
    instance: 'stand-in' as InstanceName,
    url,
    token,
    ca: undefined,
    proxy: undefined,
    requestsPerMinute: REQUESTS_PER_MINUTE,
  };
  const clock = systemClock;
  const budget = createMemoryBudget(REQUESTS_PER_MINUTE, clock);
  return connectGitLab(settings, { budget, clock, random: Math.random, log: silentLog() });
}
