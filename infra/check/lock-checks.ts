import { admits } from './engine-range.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly optional?: boolean;
  readonly engines?: { readonly node?: string };
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Addresses would tie the project to the registry of the one who made the lock. */
export function checkAddresses(lock: Lock): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:/i.test(resolved))
    .map(
      ([name]) =>
        `${name} names the address it was fetched from: npm config set omit-lockfile-registry-resolved`,
    );
}

/** Packages that do not run on one of these versions of Node. npm leaves out optional ones that do not fit. */
export function checkEngines(lock: Lock, nodes: readonly string[]): readonly string[] {
  return Object.entries(lock.packages).flatMap(([name, { optional, engines }]) => {
    const range = engines?.node;
    if (optional === true || range === undefined) return [];
    return nodes
      .filter((node) => admits(range, node) !== true)
      .map((node) => {
        const verdict = admits(range, node) === undefined ? 'is not understood for' : 'does not admit';
        return `${name || 'package.json'}: engines.node ${range} ${verdict} ${node}`;
      });
  });
}
