import type { Millis } from '@sideband/shared/clock';
import type { Lease } from '@sideband/shared/evidence/model';
import type { HostName, JobId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whyNoGitLabRunner } from '../testkit/runner/gitlab-runner.ts';
import { whyNoShellImage } from '../testkit/runner/shell-image.ts';
import { whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, type Fleet, type Program, startFleet } from './fleet.ts';
import {
  APP,
  DATABASE,
  type GitLabRunnerWorld,
  HELPER,
  PATIENCE,
  startGitLabRunnerWorld,
} from './gitlab-runner-world.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('f');
const impossible = whyNoGitLabRunner() ?? whyNoSandbox() ?? whyNoShellImage();

skipBecause(impossible).describe('an unmodified gitlab-runner', () => {
  let fleet: Fleet;
  let collector: Program;
  let world: GitLabRunnerWorld;

  beforeAll(async () => {
    fleet = await startFleet();
    await registerPaperHost(fleet, host, systemId);
    collector = await fleet.startCollector();
    world = await startGitLabRunnerWorld(fleet, systemId);
  });
  afterAll(async () => {
    await world?.stop();
    await fleet?.stop();
  });

  async function leasesOf(job: JobId): Promise<Lease[]> {
    const leases = await fleet.evidence.leases(host, Date.now() as Millis);
    return leases.filter((lease) => lease.job.job === job);
  }

  /** By role: the id of the image that the job's log told of. */
  async function told(by: HostName, job: JobId): Promise<Record<string, string>> {
    const uses = await fleet.evidence.recordedUses(by, 1_000);
    const ofJob = uses.filter((use) => use.source === 'trace' && use.job.job === job);
    return Object.fromEntries(ofJob.map(({ role, identity }) => [role, identity]));
  }

  test('is registered, and its job holds its image while it runs and has used it afterwards', async () => {
    const { ids, runnerId } = world;
    expect(await world.show(`/runners/${runnerId}/managers`)).toMatchObject([{ system_id: systemId }]);
    const job = world.createJob({ name: 'build', image: APP, pullPolicy: 'if-not-present' });

    const leases = await until(
      'a lease on its image',
      async () => {
        const found = await leasesOf(job);
        return found.some(({ identity }) => identity === APP) && found;
      },
      PATIENCE,
    );
    expect(new Set(leases.map(({ strength }) => strength))).toEqual(new Set(['confirmed']));
    expect(leases.map(({ identity }) => identity)).toContain(ids.get(APP));
    await world.openGate('build');

    expect(await world.ended(job)).toMatchObject({
      ...{ runner: { id: runnerId }, runner_manager: { system_id: systemId } },
    });
    await fleet.settled();
    expect(await leasesOf(job)).toEqual([]);
    expect(await told(host, job)).toEqual({ build: ids.get(APP), helper: ids.get(HELPER) });
  });

  test('a job with a service is claimed by the host whose watch sees its containers, and counts there', async () => {
    const { ids, project, sandbox } = world;
    const seeing = aHost('runner-2');
    await fleet.startReaper({ host: seeing, sandbox, systemIds: [systemId] });
    // The collector knows its hosts for 5 s; a new one knows of this host from its beginning.
    await collector.stop(15_000);
    await fleet.startCollector();
    const job = world.createJob({ name: 'test', image: APP, services: [DATABASE] });
    const claim = { gitlab: new URL(fleet.gitlab.url).host, project, job };
    await until(
      'the job to be claimed',
      async () => (await fleet.records.claimants(claim, [seeing])).length === 1,
      PATIENCE,
    );
    await world.openGate('test');
    await world.ended(job);
    await fleet.settled();

    const images = { build: ids.get(APP), service: ids.get(DATABASE), helper: ids.get(HELPER) };
    expect(await told(seeing, job)).toEqual(images);
    expect(await told(host, job)).toEqual({});
  });
});
