/**
 * What the images' command needs to run, to be put into `HostConfig.Mounts`. Not `Binds`: there the engine answers a
 * missing file by making a directory of that name on the host.
 */
export const busyboxMount = {
  Type: 'bind',
  Source: '/bin/busybox',
  Target: '/sideband/busybox',
  ReadOnly: true,
} as const;
