import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { InstanceName } from '@sideband/shared/names';
import type { EventPosition } from '../engine/port.ts';
import { NOTHING_SEEN, type Sightings } from '../evidence/sightings.ts';
import { jobKeyOf, type LabelledContainer } from './runner-labels.ts';

export interface SeenContainer {
  readonly labelled: LabelledContainer;
  /** Under which its image is known; empty where nothing is. */
  readonly image: readonly Identity[];
  /** When its image was used, by the fleet's clock. */
  readonly at: Millis;
}

/** What is common to all that is seen at a moment. */
export interface Sight {
  /** By the fleet's clock. */
  readonly receivedAt: Millis;
  /** What a GitLab is called in the evidence, by host (and port) of its address. */
  readonly instanceAt: (gitlab: string) => InstanceName | undefined;
}

/** A container on this host: its image was used, and by which job. */
export function sightContainer(
  { labelled, image, at }: SeenContainer,
  { receivedAt, instanceAt }: Sight,
  position?: EventPosition,
): Sightings {
  const { role, job, manager } = labelled;
  const jobKey = job === undefined ? undefined : jobKeyOf(job, instanceAt);
  const use = { job: jobKey, jobName: '', role, identities: image, at, receivedAt, source: 'watch' } as const;
  return {
    ...NOTHING_SEEN,
    uses: image.length === 0 ? [] : [use],
    claims: job === undefined ? [] : [{ gitlab: job.gitlab, project: job.project, job: job.job }],
    managers: manager === undefined ? [] : [manager],
    projects: job === undefined ? [] : [{ url: job.projectUrl, project: job.project }],
    position,
  };
}
