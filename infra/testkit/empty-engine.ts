import type Dockerode from 'dockerode';

/** Takes all containers and all images away, as between two tests that share an engine. */
export async function emptyEngine(docker: Dockerode): Promise<void> {
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listImages()) await docker.getImage(Id).remove({ force: true });
}
