import type { DemoRunner } from './demo-runner.ts';
import type { Pipeline } from './pipeline.ts';
import type { Tally } from './verdict.ts';
import type { World } from './world.ts';

/** More than the week's 2,679 uses, told by traces and by watch, and as many as the store keeps for a host. */
const ALL_USES = 10_000;

/**
 * Adds up what the week came to, and looks for every use the runner made in what traces told: that watch saw the
 * same on the host proves nothing of GitLab's way.
 */
export async function audit(
  world: World,
  runner: DemoRunner,
  pipeline: Pipeline,
  forgotten: number,
): Promise<Tally> {
  const counts = runner.tally();
  const recorded = new Set(
    (await world.evidence.recordedUses(world.host, ALL_USES))
      .filter(({ source }) => source === 'trace')
      .map(({ job, identity }) => `${job.job} ${identity}`),
  );
  const missed = runner.uses
    .slice(forgotten)
    .filter(({ job, imageId }) => !recorded.has(`${job} ${imageId}`));
  return {
    jobs: counts.jobs,
    pulls: runner.sequence.filter(([step]) => step === 'pull').length,
    repulls: counts.repulls,
    ...world.side.tally(),
    evictions: pipeline.evictions(),
    inUseViolations: pipeline.violations() + counts.imagesLostInUse,
    jobsFailed: counts.jobsFailed,
    usesMissed: missed.length,
    pullsWithoutSpace: counts.pullsWithoutSpace,
    pullsRecovered: counts.pullsRecovered,
    sequence: runner.sequence,
  };
}
