import { busyboxMount } from '@sideband/infra/testkit/busybox';
import type { Stage } from './stage.ts';

const PREFIX = 'com.gitlab.gitlab-runner.';

/** Jobs one after the other: a container with the runner's labels, created, started, awaited and removed. */
export async function startContainers({ sandbox, imageIds }: Stage, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const container = await sandbox.docker.createContainer({
      Image: imageIds[index % imageIds.length] ?? '',
      Labels: labelsOf(index + 1),
      Cmd: [busyboxMount.Target, 'true'],
      HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
    });
    await container.start();
    await container.wait();
    await container.remove({ force: true, v: true });
  }
}

function labelsOf(job: number): Record<string, string> {
  const labels = {
    'job.id': String(job),
    'job.url': `https://gitlab.example.com/group/project/-/jobs/${job}`,
    'project.id': '7',
    'pipeline.id': '9',
    'runner.id': 'sideband1',
    'runner.system_id': 's_000000000000',
    managed: 'true',
    type: 'build',
  };
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [PREFIX + name, value]));
}
