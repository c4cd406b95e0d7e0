/**
 * What each step needs: a command, and the Debian package that brings it.
 * @type {Readonly<Record<string, readonly { readonly command: string, readonly package: string }[]>>}
 */
const NEEDS = {
  redis: [{ command: 'redis-server', package: 'redis-server' }],
  docker: [
    { command: 'dockerd', package: 'docker.io' },
    { command: 'iptables', package: 'iptables' },
    // Static, since it is mounted into containers whose images hold nothing else to run.
    { command: 'busybox', package: 'busybox-static' },
    { command: 'mkfs.ext4', package: 'e2fsprogs' },
    { command: 'losetup', package: 'mount' },
    { command: 'fallocate', package: 'util-linux' },
  ],
  podman: [
    // What it only recommends is for networks and for other users than root.
    { command: 'podman', package: 'podman' },
    // Else crun would come with it, which refuses control groups that are half of version 1 (crun 1.8.1).
    { command: 'runc', package: 'runc' },
    { command: 'busybox', package: 'busybox-static' },
    { command: 'mount', package: 'mount' },
    { command: 'unshare', package: 'util-linux' },
  ],
  chromium: [{ command: 'chromium', package: 'chromium' }],
};

/**
 * @param {string} step
 * @param {(command: string) => boolean} isThere
 * @returns {{ commands: string[], packages: string[] }} what is missing, and what to install for it
 */
export function missingFor(step, isThere) {
  const missing = (NEEDS[step] ?? []).filter(({ command }) => !isThere(command));
  return {
    commands: missing.map(({ command }) => command),
    packages: missing.map((need) => need.package),
  };
}

/**
 * How to become root without a question, or undefined when that cannot be had.
 * @param {{ isRoot: boolean, hasApt: boolean, mayDoAnything: () => boolean }} user
 * @returns {string[] | undefined} the words to put before a command
 */
export function rootPrefix({ isRoot, hasApt, mayDoAnything }) {
  if (!hasApt) return undefined;
  if (isRoot) return [];
  return mayDoAnything() ? ['sudo', '-n'] : undefined;
}

/**
 * The command to give to a person.
 * @param {readonly string[]} packages
 */
export function installCommand(packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * @param {string} version as in `20.19.0`
 * @param {string} least
 */
export function isNewEnough(version, least) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
