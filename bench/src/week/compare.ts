import type { Week } from '@sideband/infra/demo/week/load-week';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import type { Marks } from './marks.ts';
import { PEERS, type Peer, randomPeer } from './peers.ts';
import type { Cost } from './pull-count.ts';
import { replayPeer } from './replay-peer.ts';
import { replayProduct } from './replay-product.ts';

/** A peer's figure ÷ Sideband's; null where Sideband's is 0. */
interface Ratios {
  readonly bytesRepulled: number | null;
  readonly repulls: number | null;
  readonly pulls: number | null;
}

interface PeerRow extends Cost {
  readonly name: string;
  readonly means: string;
  readonly toSideband: Ratios;
}

export interface Comparison extends Marks {
  readonly sideband: Cost;
  readonly peers: readonly PeerRow[];
}

const SEEDS = Array.from({ length: 21 }, (_, index) => index + 1);

/** The same week, once with Sideband and once with each peer. Throws `CONFIG_INVALID` for too small a capacity. */
export async function compare(week: Week, marks: Marks): Promise<Comparison> {
  const state = await temporaryDirectory('bench');
  try {
    const sideband = await replayProduct(week, marks, state.path);
    const row = (peer: Peer, cost: Cost): PeerRow => {
      const { name, means } = peer;
      return { name, means, ...cost, toSideband: ratios(cost, sideband) };
    };
    const random = SEEDS.map(randomPeer).map((peer) => row(peer, replayPeer(week, marks, peer)));
    const medianRandom = random
      .sort((a, b) => a.bytesRepulled - b.bytesRepulled)
      .slice(SEEDS.length >> 1, (SEEDS.length >> 1) + 1);
    const peers = PEERS.map((peer) => row(peer, replayPeer(week, marks, peer)));
    return { ...marks, sideband, peers: [...peers, ...medianRandom] };
  } finally {
    await state.remove();
  }
}

function ratios(peer: Cost, sideband: Cost): Ratios {
  const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return {
    bytesRepulled: ratio(peer.bytesRepulled, sideband.bytesRepulled),
    repulls: ratio(peer.repulls, sideband.repulls),
    pulls: ratio(peer.pulls, sideband.pulls),
  };
}
