import { compareBytes } from '@sideband/shared/evidence/merge';
import type { Identity, LastUse, Use } from '@sideband/shared/evidence/model';
import type { Entry } from './entry.ts';
import { groupLastUses } from './entry-text.ts';
import { isLater } from './is-later.ts';
import type { Lacking, RemoteEvidence } from './port.ts';

/**
 * What is known here and not in Redis, which keeps the newest `bound` of each kind: where it is full, it would refuse
 * what ranks below the oldest it has, and be told of it for ever.
 */
export function lackingIn(
  remote: Pick<RemoteEvidence, 'lastUses' | 'repullable'>,
  local: Pick<Entry, 'lastUses' | 'repullable'>,
  bound: number,
): Lacking {
  const lowest = remote.lastUses.size < bound ? undefined : lowestOf(remote.lastUses);
  const missing = [...local.lastUses].filter(([identity, mine]) => {
    const theirs = remote.lastUses.get(identity);
    if (theirs !== undefined) return isLater(mine, theirs);
    return lowest === undefined || compareRank([identity, mine], lowest) > 0;
  });
  const room = Math.max(0, bound - remote.repullable.size);
  const repullable = [...local.repullable].filter((identity) => !remote.repullable.has(identity));
  return { uses: usesOf(missing), repullable: repullable.slice(Math.max(0, repullable.length - room)) };
}

type Ranked = readonly [Identity, LastUse];

/** The one that Redis would let go first. */
function lowestOf(lastUses: ReadonlyMap<Identity, LastUse>): Ranked | undefined {
  let lowest: Ranked | undefined;
  for (const entry of lastUses) {
    if (lowest === undefined || compareRank(entry, lowest) < 0) lowest = entry;
  }
  return lowest;
}

function compareRank([a, x]: Ranked, [b, y]: Ranked): number {
  return x.at - y.at || compareBytes(a, b);
}

function usesOf(lastUses: Iterable<Ranked>): readonly Use[] {
  return [...groupLastUses(lastUses).values()].map(({ lastUse, identities }) => ({
    ...lastUse,
    // The audit names a use by the first, and that is the id where it is known.
    identities: [...identities].sort((a, b) => Number(isId(b)) - Number(isId(a))),
    receivedAt: lastUse.at,
  }));
}

function isId(identity: Identity): boolean {
  return identity.startsWith('sha256:');
}
