import { formatBytes } from '@sideband/shared/byte-size';
import type { Millis } from '@sideband/shared/clock';
import { formatDuration } from '@sideband/shared/duration';
import type { ImageLastUse } from './last-use.ts';
import type { Decision } from './plan.ts';
import type { Reason } from './reasons.ts';

const SENTENCES = {
  'disk-low': 'the disk is below its mark and nothing that may go was used longer ago',
  'over-budget': 'the images exceed their budget and nothing that may go was used longer ago',
  requested: 'room was asked for and nothing that may go was used longer ago',
  emergency: 'the disk is below the emergency mark',
  'own-image': 'it is Sideband’s own',
  'in-use': 'a container is made of it',
  leased: 'a job that has no container yet needs it',
  'engine-refused': 'the engine would not remove it a moment ago',
  'grace-after-pull': 'it came so recently that its job may not have a container yet',
  'lease-predicted': 'a job that has no container yet used it last time',
  'grace-after-use': 'it was used a moment ago',
  'helper-image': 'every job of the runner needs it',
  'origin-unknown': 'nobody saw it being pulled, so perhaps it cannot be pulled again',
  'has-children': 'other images on the host are built on it',
  'room-enough': 'there is room enough',
} as const satisfies Record<Reason, string>;

/** One sentence for a person: what happens to the image, why, and what it was last used for. */
export function explain(decision: Decision, now: Millis): string {
  const act = decision.verdict === 'evict' ? `goes, freeing ${formatBytes(decision.freesBytes)}` : 'stays';
  return `It ${act}: ${SENTENCES[decision.reason]}; ${explainLastUse(decision.lastUse, now)}.`;
}

function explainLastUse(lastUse: ImageLastUse, now: Millis): string {
  // Whole seconds: the clocks of a host and of GitLab agree no better.
  const ago = `${formatDuration(Math.floor((now - lastUse.at) / 1_000) * 1_000, 2)} ago`;
  if (lastUse.use === undefined) return `no use is known, it came ${ago}`;
  return `last used ${ago} by job ${lastUse.use.job.job} of project ${lastUse.use.job.project}, as its ${lastUse.use.source} says`;
}
