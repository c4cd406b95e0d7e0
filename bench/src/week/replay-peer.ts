import type { Week } from '@sideband/infra/demo/week/load-week';
import { capacityTooSmall } from './capacity-too-small.ts';
import type { Marks } from './marks.ts';
import { PeerHost } from './peer-host.ts';
import type { Peer } from './peers.ts';
import { bytesOf, type Cost, PullCount } from './pull-count.ts';

/**
 * What the week costs with this peer, by the rules of the week's README. A pull that does not fit makes room in
 * the peer's order, also for a peer that looks at the clock only and would let the job fail. Throws
 * `CONFIG_INVALID` when the capacity cannot hold what is in use.
 */
export function replayPeer(week: Week, marks: Marks, peer: Peer): Cost {
  const host = new PeerHost(week);
  const count = new PullCount(week);
  const { capacityBytes } = marks;
  const isAtMost = (percent: number): boolean => host.usedBytes <= (capacityBytes * percent) / 100;
  const fits = (image: number): boolean =>
    host.usedBytes + bytesOf(week, host.missingLayers(image)) <= capacityBytes;

  let before = 0;
  for (const { atSeconds, image } of week.events) {
    pruneByTheClock(host, peer, before, atSeconds);
    before = atSeconds;
    if (!host.has(image)) {
      const wasFull = !fits(image);
      if (wasFull) makeRoom(host, peer, atSeconds, () => fits(image));
      if (!fits(image)) throw capacityTooSmall(capacityBytes, atSeconds);
      count.add(image, host.missingLayers(image), wasFull);
      host.pull(image, atSeconds);
    }
    host.use(image, atSeconds);
    if (peer.evicts.when === 'high' && !isAtMost(marks.highPercent)) {
      makeRoom(host, peer, atSeconds, () => isAtMost(marks.lowPercent));
    }
  }
  return count.cost;
}

function makeRoom(host: PeerHost, peer: Peer, now: number, isEnough: () => boolean): void {
  const untilEmpty = peer.evicts.when === 'high' && peer.evicts.until === 'empty';
  while (untilEmpty || !isEnough()) {
    const least = leastOf(host, peer, now);
    if (least === undefined) return;
    host.evict(least);
  }
}

function leastOf(host: PeerHost, peer: Peer, now: number): number | undefined {
  const ranked = host.idle(now).map((image) => ({ image: image.image, rank: peer.rank(image) }));
  // Stable, so that among equals the one pulled first comes first.
  return ranked.sort((a, b) => a.rank - b.rank)[0]?.image;
}

/** The prunes that fall into the time from `before` (exclusive) to `now` (inclusive). */
function pruneByTheClock(host: PeerHost, peer: Peer, before: number, now: number): void {
  if (peer.evicts.when !== 'clock') return;
  const { everySeconds } = peer.evicts;
  for (let at = nextMultiple(before, everySeconds); at <= now; at += everySeconds) {
    for (const { image, pulledAt } of host.idle(at)) {
      if (at - pulledAt >= everySeconds) host.evict(image);
    }
  }
}

/** The first multiple that is greater. */
function nextMultiple(value: number, of: number): number {
  return (Math.floor(value / of) + 1) * of;
}
