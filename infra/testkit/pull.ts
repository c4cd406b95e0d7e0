import type Dockerode from 'dockerode';

/** Pulls an image and waits for its end. A pull that fails halfway answers 200 and says so at its end: that throws too. */
export async function pull(docker: Dockerode, reference: string): Promise<void> {
  const progress = await docker.pull(reference);
  await new Promise<void>((done, failed) => {
    docker.modem.followProgress(progress, (error) => (error ? failed(error) : done()));
  });
}
