import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { tarEnd, tarHeader, tarPadding } from '../tar.ts';

/** Static, so that it needs nothing else in an image; as `sh` it has `mkdir`, `rm` and the like in itself. */
const BUSYBOX = '/bin/busybox';

/**
 * What gitlab-runner calls in a helper image. There is no repository to fetch, no cache and no artifact, so neither
 * git nor the helper has anything to do. The second file is gitlab-runner's own, but for its shell.
 */
const helperFiles: Readonly<Record<string, string>> = {
  'usr/bin/gitlab-runner-helper': '#!/bin/sh\nexit 0\n',
  'usr/bin/gitlab-runner-build': '#!/bin/sh\numask 0000\nexec /bin/sh\n',
  'usr/bin/git': '#!/bin/sh\nexit 0\n',
};

/** Why no image with a shell can be made on this machine; undefined when it can. */
export function whyNoShellImage(): string | undefined {
  return existsSync(BUSYBOX) ? undefined : `there is no ${BUSYBOX}`;
}

/** An image of 2 MB whose containers can run a job's script, or sleep as a service would. Answers its id. */
export function makeShellImage(docker: Dockerode, reference: string): Promise<string> {
  return importImage(docker, reference, {});
}

/** An image that serves gitlab-runner as `helper_image` for jobs with `GIT_STRATEGY: none`. Answers its id. */
export function makeHelperImage(docker: Dockerode, reference: string): Promise<string> {
  return importImage(docker, reference, helperFiles);
}

async function importImage(
  docker: Dockerode,
  reference: string,
  scripts: Readonly<Record<string, string>>,
): Promise<string> {
  const files: Readonly<Record<string, Buffer>> = {
    'bin/sh': await readFile(BUSYBOX),
    // Makes each image another one.
    'etc/image': Buffer.from(reference),
    ...Object.fromEntries(Object.entries(scripts).map(([name, script]) => [name, Buffer.from(script)])),
  };
  const colon = reference.lastIndexOf(':');
  const answer = await docker.importImage(Readable.from([executables(files)]), {
    repo: reference.slice(0, colon),
    tag: reference.slice(colon + 1),
    changes: ['ENV PATH=/usr/bin:/bin', 'CMD ["sh", "-c", "sleep 3600"]'],
  });
  const said = await text(answer);
  if (said.includes('"error"')) throw new Error(`The engine refused the image: ${said.trim()}`);
  return (await docker.getImage(reference).inspect()).Id;
}

function executables(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, content]) => [
    ...[tarHeader(name, content.length, 0o755), content],
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}
