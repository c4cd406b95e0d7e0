import { formatBytes } from '@sideband/shared/byte-size';
import type { Millis } from '@sideband/shared/clock';
import { formatDuration } from '@sideband/shared/duration';
import type { ImageLastUse } from './last-use.ts';
import type { Decision } from './plan.ts';
import type { Reason } from './reasons.ts';
import type { Freshness } from './snapshot.ts';

const SENTENCES = {
  'disk-low': 'the disk is below its mark and nothing that may go is less likely to be missed',
  'over-budget': 'the images exceed their budget and nothing that may go is less likely to be missed',
  requested: 'room was asked for and nothing that may go is less likely to be missed',
  emergency: 'the disk is below the emergency mark',
  'own-image': 'it is Sideband’s own',
  'in-use': 'a container is made of it',
  leased: 'a job that has no container yet needs it',
  'engine-refused': 'the engine would not remove it a moment ago',
  'grace-after-pull': 'it came so recently that its job may not have a container yet',
  'lease-predicted': 'a job that has no container yet used it last time',
  'project-preparing':
    'a job whose project used it before is being prepared, and which image it needs is not known yet',
  'grace-after-use': 'it was used a moment ago',
  'helper-image': 'every job of the runner needs it',
  'built-here': 'it was built, loaded or imported here, so it cannot be pulled again',
  'origin-unknown': 'nobody saw it being pulled, so perhaps it cannot be pulled again',
  'has-children': 'other images on the host are built on it',
  'room-enough': 'there is room enough',
} as const satisfies Record<Reason, string>;

/** One sentence for a person: what happens to the image, why, what it was last used for, and whether it is expected to be. */
export function explain(decision: Decision, now: Millis): string {
  const act = decision.verdict === 'evict' ? `goes, freeing ${formatBytes(decision.freesBytes)}` : 'stays';
  const expected = decision.isExpected ? '; a job that waits will probably need it' : '';
  return `It ${act}: ${SENTENCES[decision.reason]}; ${explainLastUse(decision.lastUse, now)}${expected}.`;
}

/** One sentence about how far the evidence reaches; undefined where GitLab's side of it is up to date. */
export function explainFreshness({ kind, asOf }: Freshness, now: Millis): string | undefined {
  if (kind === 'fresh') return undefined;
  if (kind === 'watch-only')
    return 'Nothing is known from GitLab: uses are those that watch saw on this host.';
  if (asOf === undefined) return 'How far what GitLab knows reaches is not known.';
  return `What GitLab knows ends ${ago(asOf, now)}: uses since then are those that watch saw on this host.`;
}

function explainLastUse({ at, use }: ImageLastUse, now: Millis): string {
  if (use === undefined) return `no use is known, it came ${ago(at, now)}`;
  const source = use.source === 'watch' ? 'as watch saw' : `as its ${use.source} says`;
  if (use.job !== undefined) {
    return `last used ${ago(at, now)} by job ${use.job.job} of project ${use.job.project}, ${source}`;
  }
  if (use.role === 'image') return `pulled, tagged or loaded ${ago(at, now)}, ${source}`;
  const whom = use.role === 'container' ? 'a container outside GitLab' : 'a job that is not known';
  return `last used ${ago(at, now)} by ${whom}, ${source}`;
}

/** In whole seconds: the clocks of a host and of GitLab agree no better. */
function ago(at: Millis, now: Millis): string {
  return `${formatDuration(Math.floor((now - at) / 1_000) * 1_000, 2)} ago`;
}
