/** Fixed, so that the same recipe is the same image on every day. */
const CREATED = '2023-01-01T00:00:00Z';

/**
 * An image's configuration; its digest is the image's id. The name goes in, so that two names over equal layers are two images.
 * The command needs a static busybox mounted there, see busybox.ts: as a layer it would outweigh most layers of the tests.
 */
export function imageConfig(options: {
  readonly name: string;
  readonly diffIds: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}): Buffer {
  const { name, diffIds, labels } = options;
  return Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created: CREATED,
      config: { Cmd: ['/sideband/busybox', 'sleep', '3600'], Labels: labels },
      history: diffIds.map((_, index) => ({ created: CREATED, created_by: `layer ${index} of ${name}` })),
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
  );
}
