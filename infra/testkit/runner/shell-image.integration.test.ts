import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Sandbox, startSandbox, whyNoSandbox } from '../sandbox.ts';
import { skipBecause } from '../skip.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { makeHelperImage, makeShellImage, whyNoShellImage } from './shell-image.ts';

const HELPER = 'registry.example.com/runner/helper:1';
const JOB = 'registry.example.com/team/app:1';
/** `BashDetectShellScript` of gitlab-runner's shells/bash.go, but for the places that differ by distribution. */
const DETECT = `if [ -x /bin/bash ]; then
\texec /bin/bash
elif [ -x /bin/sh ]; then
\texec /bin/sh
else
\techo shell not found
\texit 1
fi
`;
/** As `BashWriter.Finish` of the same file wraps what a stage has to do, with what the stages are made of. */
const STAGE = String.raw`#!/usr/bin/env bash

trap exit 1 TERM

if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
set +o noclobber
: | eval $'export CI=$\'true\'\nmkdir -p "/builds/team/app.tmp"\nprintf \'%s\' $\'of a variable\' > "/builds/team/app.tmp/FILE"\nexport FILE="/builds/team/app.tmp/FILE"\nrm -r -f /builds/team/app.tmp/none\ncd /builds/team/app.tmp\necho "Running on $(hostname) via manager..."\necho $\'\\x1b[32;1m$ cat FILE\\x1b[0;m\'\ncat "$FILE"\n/usr/bin/gitlab-runner-helper cache-extractor || true\n'
exit 0
`;

skipBecause(whyNoSandbox() ?? whyNoShellImage()).test(
  'the images run what gitlab-runner gives its containers to run',
  async () => {
    let directory: TemporaryDirectory | undefined;
    let sandbox: Sandbox | undefined;
    try {
      directory = await temporaryDirectory('shell-image');
      sandbox = await startSandbox({ directory: join(directory.path, 'engine'), diskBytes: 200_000_000 });
      await provesItself(sandbox, join(directory.path, 'builds'));
    } finally {
      await sandbox?.stop();
      await directory?.remove();
    }
  },
);

async function provesItself({ docker }: Sandbox, builds: string): Promise<void> {
  await mkdir(builds);
  const ids = [await makeHelperImage(docker, HELPER), await makeShellImage(docker, JOB)];
  expect(new Set(ids).size).toBe(2);

  for (const [image, command] of [
    [HELPER, ['gitlab-runner-build']],
    [JOB, ['sh', '-c', DETECT]],
  ] as const) {
    const container = await docker.createContainer({
      ...{ Image: image, Cmd: [...command], Hostname: 'runner-1' },
      ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true },
      HostConfig: { NetworkMode: 'none', Binds: [`${builds}:/builds`] },
    });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    const printed: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => printed.push(chunk));
    await container.start();
    stream.end(STAGE);
    await once(stream, 'end');
    expect(await container.wait()).toMatchObject({ StatusCode: 0 });
    const text = Buffer.concat(printed).toString();
    expect(text).toContain('Running on runner-1 via manager...');
    expect(text).toContain('\u001b[32;1m$ cat FILE\u001b[0;m');
    expect(text).toContain('of a variable');
  }
  expect(await readFile(join(builds, 'team/app.tmp/FILE'), 'utf8')).toBe('of a variable');

  // As a service: with its own command, it stays.
  const service = await docker.createContainer({ Image: JOB, HostConfig: { NetworkMode: 'none' } });
  await service.start();
  expect((await service.inspect()).State.Running).toBe(true);
  await service.remove({ force: true });
}
