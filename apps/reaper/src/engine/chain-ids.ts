import { createHash } from 'node:crypto';
import type { ChainId } from './port.ts';

/**
 * Names each layer by all that lies below it, as Docker does (image-spec, "Layer ChainID"): the first layer by
 * its own digest, every other by its digest on top of the chain beneath. `diffIds` are base first.
 */
export function chainIds(diffIds: readonly string[]): readonly ChainId[] {
  const chains: ChainId[] = [];
  let below: string | undefined;
  for (const diffId of diffIds) {
    below = below === undefined ? diffId : digest(`${below} ${diffId}`);
    chains.push(below as ChainId);
  }
  return chains;
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
