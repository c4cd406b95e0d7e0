import type { Millis } from '@sideband/shared/clock';
import { CLOCK_TOLERANCE_MS } from '@sideband/shared/evidence/model';
import { quote } from '@sideband/shared/quote';
import type { ServerInfo, TokenInfo } from '../../gitlab/hooks-port.ts';
import { isSince } from '../versions.ts';
import { type Finding, fine, problem, warning } from './finding.ts';

const DAY_MS = 86_400_000;
/** Long enough to ask somebody for another token. */
const EXPIRY_WARNING_MS = 14 * DAY_MS;
/** `Date` has whole seconds, and the answer was on its way. */
const CLOCK_WARNING_MS = 30_000;

/** The GitLab itself: its version, and its clock beside ours. */
export function checkServer({ version, at }: ServerInfo, now: Millis): readonly Finding[] {
  const known = isSince(version, 16, 0)
    ? fine('gitlab-version', `GitLab is ${quote(version)}`)
    : problem('gitlab-version', `GitLab is ${quote(version)}`, 'Sideband is made for GitLab 16 and later.');
  return [known, checkClock(at, now)];
}

function checkClock(at: Millis | undefined, now: Millis): Finding {
  if (at === undefined)
    return warning('clock', 'GitLab’s answer has no time', 'Its clock cannot be compared with ours.');
  const seconds = Math.round((at - now) / 1_000);
  const text = `GitLab’s clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
  const advice = 'Uses are dated by GitLab: let both machines keep time by NTP.';
  if (Math.abs(at - now) > CLOCK_TOLERANCE_MS) return problem('clock', text, advice);
  return Math.abs(at - now) > CLOCK_WARNING_MS ? warning('clock', text, advice) : fine('clock', text);
}

export function checkToken({ name, scopes, expiresAt }: TokenInfo, now: Millis): readonly Finding[] {
  return [checkScopes(name, scopes), checkExpiry(expiresAt, now)];
}

function checkScopes(name: string, scopes: readonly string[]): Finding {
  const said = `the token ${quote(name)} has the scopes ${quote(scopes.join(', '))}`;
  if (scopes.includes('api'))
    return fine('token-scopes', `${said}: it can read, and install hooks where its role is Maintainer`);
  if (scopes.includes('read_api'))
    return warning(
      'token-scopes',
      `${said}: it can read only`,
      'Enough for evidence. To install and check hooks, run those commands with a token that has api.',
    );
  return problem('token-scopes', said, 'Make one with read_api at least.');
}

function checkExpiry(expiresAt: Millis | undefined, now: Millis): Finding {
  if (expiresAt === undefined) return fine('token-expiry', 'the token does not expire');
  const days = Math.floor((expiresAt - now) / DAY_MS);
  const text = `the token expires on ${new Date(expiresAt).toISOString().slice(0, 10)}`;
  const advice =
    'Write a new one into the file that SIDEBAND_GITLAB_TOKEN_FILE names; it is used within seconds.';
  if (days < 0) return problem('token-expiry', 'the token has expired', advice);
  return expiresAt - now < EXPIRY_WARNING_MS
    ? warning('token-expiry', text, advice)
    : fine('token-expiry', text);
}
