import { errorText } from '@sideband/shared/errors';
import type Dockerode from 'dockerode';
import { busyboxMount } from '../busybox.ts';
import { ImageMissing, type NewContainer, PullFailed, type RunnerEngine } from './engine.ts';

/** A runner's view of a real engine. Its containers do nothing, have no network, and end at once when started. */
export function dockerEngine(docker: Dockerode): RunnerEngine {
  return {
    async find(reference) {
      const image = await unlessMissing(docker.getImage(reference).inspect());
      return image === undefined ? undefined : { id: image.Id, digest: image.RepoDigests?.[0] };
    },
    pull: (reference) => pull(docker, withTag(reference)),
    async create({ imageId, reference, name, labels }: NewContainer) {
      const image = reference ?? imageId;
      const container = await unlessMissing(
        docker.createContainer({
          name,
          Image: image,
          Labels: { ...labels },
          Cmd: [busyboxMount.Target, 'true'],
          HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
        }),
      );
      if (container === undefined) throw new ImageMissing(image);
      return container.id;
    },
    start: (container) => docker.getContainer(container).start(),
    remove: async (container) => {
      await unlessMissing(docker.getContainer(container).remove({ force: true, v: true }));
    },
  };
}

/** Without a tag the engine would pull every tag of the repository. */
function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(name) ? reference : `${reference}:latest`;
}

async function pull(docker: Dockerode, reference: string): Promise<void> {
  try {
    const progress = await docker.pull(reference);
    const steps = await new Promise<readonly { readonly error?: string }[]>((resolve, reject) => {
      docker.modem.followProgress(progress, (error, output) => (error ? reject(error) : resolve(output)));
    });
    // A pull that fails on its way, for want of space for instance, has answered 200 by then.
    const failure = steps.find((step) => step.error !== undefined)?.error;
    if (failure !== undefined) throw new PullFailed(failure);
  } catch (error) {
    throw error instanceof PullFailed ? error : new PullFailed(errorText(error), { cause: error });
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return undefined;
    throw error;
  }
}
