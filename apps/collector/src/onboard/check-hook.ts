import { quote } from '@sideband/shared/quote';
import type { Hook, HookDelivery, HookOwner, HookSettings } from '../gitlab/hooks-port.ts';

/** What is not as it should be with a hook. `mend`: installing it again puts it right; else somebody has to look. */
export interface HookProblem {
  readonly reason:
    | 'other-address'
    | 'other-events'
    | 'tls-not-verified'
    | 'no-secret'
    | 'no-signing-token'
    | 'other-secret'
    | 'unknown-secret'
    | 'paused'
    | 'disabled'
    | 'refused-lately';
  readonly mend: boolean;
  /** One sentence. */
  readonly text: string;
}

/** What each kind of owner's hook is to tell, by the API's names. A system hook tells of projects without being asked. */
const WANTED: Readonly<Record<HookOwner['kind'], readonly string[]>> = {
  project: ['job_events'],
  group: ['job_events', 'project_events'],
  system: [],
};
/** GitLab before 17.6 has none for groups; without it, hooks of a group's new projects are its own. */
const OPTIONAL = new Set(['project_events']);
/** System hooks tell of these by default, and an older GitLab cannot be told otherwise. */
const HARMLESS = new Set(['repository_update_events', 'pipeline_events']);

/** Compares a hook with the one that its owner should have; `signs`: GitLab is new enough for signing tokens. */
export function checkHook(
  owner: HookOwner,
  hook: Hook,
  desired: HookSettings,
  signs: boolean,
): readonly HookProblem[] {
  const wanted = WANTED[owner.kind];
  const lacks = wanted.filter((event) => !hook.events.includes(event) && !OPTIONAL.has(event));
  const extra = hook.events.filter((event) => !wanted.includes(event) && !HARMLESS.has(event));
  const found: (HookProblem | undefined)[] = [
    problemIf(hook.url !== desired.url, 'other-address', `it goes to ${quote(hook.url)}`),
    problemIf(lacks.length > 0, 'other-events', `it does not tell of ${lacks.join(', ')}`),
    problemIf(
      extra.length > 0,
      'other-events',
      `it also tells of ${quote(extra.join(', '))}, which nobody reads`,
    ),
    problemIf(!hook.verifiesTls, 'tls-not-verified', 'GitLab does not verify the collector’s certificate'),
    problemIf(hook.hasToken === false, 'no-secret', 'it has no secret token'),
    problemIf(signs && hook.hasSigningToken === false, 'no-signing-token', 'it has no signing token'),
    problemIf(
      isDescribed(hook) && hook.description !== desired.description,
      'other-secret',
      'its description does not name the present secret',
    ),
    stateProblem(hook),
  ];
  return found.filter((problem) => problem !== undefined);
}

/** GitLab before 17.1 keeps no description, and so does not say with which secret the hook was made. */
export function isDescribed({ description }: Hook): boolean {
  return description !== undefined && description !== '';
}

/** What the newest deliveries say: the first that was not taken, if the newest was not either. */
export function checkDeliveries(deliveries: readonly HookDelivery[]): HookProblem | undefined {
  const [newest] = deliveries;
  if (newest === undefined || /^[23]\d\d$/.test(newest.status)) return undefined;
  const failed = deliveries.filter(({ status }) => !/^[23]\d\d$/.test(status)).length;
  const text = `${failed} of its last ${deliveries.length} deliveries failed, the newest with ${quote(newest.status)}: ${explain(newest.status)}`;
  return { reason: 'refused-lately', mend: newest.status === '401', text };
}

function explain(status: string): string {
  switch (status) {
    case '401':
      return 'its secret is another than the collector’s';
    case '403':
      return 'GitLab’s address is not among those that are allowed, or the body spoke of another project';
    case '404':
      return 'there is no such hook address; is it the collector that answers there?';
    case '503':
      return 'the collector had no Redis, or too much to do';
    default:
      return /^\d{3}$/.test(status) ? 'look at the collector’s log' : 'GitLab did not reach the collector';
  }
}

function stateProblem({ state, pausedUntil }: Hook): HookProblem | undefined {
  if (state === 'enabled') return undefined;
  if (state === 'disabled')
    return { reason: 'disabled', mend: true, text: 'GitLab disabled it after too many failures' };
  const until = pausedUntil === undefined ? '' : ` until ${new Date(pausedUntil).toISOString()}`;
  return { reason: 'paused', mend: false, text: `GitLab paused it after failures${until}` };
}

function problemIf(is: boolean, reason: HookProblem['reason'], text: string): HookProblem | undefined {
  return is ? { reason, mend: true, text } : undefined;
}
