import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainIds } from './chain-ids.ts';
import { layerSizes, type SizedImage } from './layer-sizes.ts';

const EMPTY = `sha256:${createHash('sha256').update(Buffer.alloc(1024)).digest('hex')}`;

function image(layers: string, totalBytes: number, history: readonly number[] | undefined): SizedImage {
  const diffIds = [...layers].map((name) => (name === '-' ? EMPTY : `sha256:${name}`));
  return { id: layers, diffIds, chains: chainIds(diffIds), history, totalBytes };
}

function sizesIn(images: readonly SizedImage[], which: SizedImage): readonly (number | undefined)[] {
  const sizes = layerSizes(images);
  return which.chains.map((chain) => sizes.get(chain));
}

describe('sizes are proven', () => {
  test('by a history with an entry for each layer, and entries that made none', () => {
    const it = image('ab', 120, [0, 100, 0, 0, 20]);
    expect(sizesIn([it], it)).toEqual([100, 20]);
  });

  test('with empty layers, which are known by their digest', () => {
    const it = image('a-b', 120, [100, 0, 0, 20]);
    expect(sizesIn([it], it)).toEqual([100, 0, 20]);
  });

  test('with layers of 0 bytes that have entries, if there is an entry for each layer', () => {
    const it = image('abc', 120, [100, 0, 20]);
    expect(sizesIn([it], it)).toEqual([100, 0, 20]);
  });

  test('for an image without a history of its own, by another image on the same base', () => {
    const proven = image('ab', 120, [100, 20]);
    const squashed = image('ac', 107, undefined);
    expect(sizesIn([squashed, proven], squashed)).toEqual([100, 7]);
  });
});

describe('what is not proven', () => {
  test('goes to the top layer as a whole where nothing is known', () => {
    const it = image('abc', 120, undefined);
    expect(sizesIn([it], it)).toEqual([0, 0, 120]);
  });

  test('is not taken from a history that does not account for the layers', () => {
    const it = image('abc', 120, [100, 0, 0, 0, 20]);
    expect(sizesIn([it], it)).toEqual([0, 0, 120]);
  });

  test('stays with the base, if the base is an image itself', () => {
    const base = image('a', 110, undefined);
    const child = image('ab', 138, undefined);
    expect(sizesIn([child, base], base)).toEqual([110]);
    expect(sizesIn([child, base], child)).toEqual([110, 28]);
  });

  test('is added to the top layer where the engine counts more than the history (containerd store)', () => {
    const base = image('a', 110, [80]);
    const child = image('ab', 138, [80, 20]);
    expect(sizesIn([child, base], child)).toEqual([110, 28]);
  });

  test('is nothing where every layer is proven by others', () => {
    const proven = image('ab', 120, [100, 20]);
    const same = { ...image('ab', 130, undefined), id: 'other' };
    expect(sizesIn([same, proven], same)).toEqual([100, 20]);
  });
});

test('any images in any order: the same sizes, for every chain, none negative', () => {
  const anyImage = fc.record({
    layers: fc.array(fc.constantFrom('a', 'b', 'c', '-'), { minLength: 1, maxLength: 4 }),
    history: fc.option(fc.array(fc.nat(50), { maxLength: 6 }), { nil: undefined }),
    extra: fc.nat(10),
  });
  fc.assert(
    fc.property(fc.array(anyImage, { maxLength: 6 }), (recipes) => {
      const images = recipes.map(({ layers, history, extra }, index) => {
        const total = (history ?? []).reduce((sum, bytes) => sum + bytes, 0) + extra;
        return { ...image(layers.join(''), total, history), id: String(index) };
      });
      const sizes = layerSizes(images);
      for (const bytes of sizes.values()) expect(bytes).toBeGreaterThanOrEqual(0);
      expect(new Set(sizes.keys())).toEqual(new Set(images.flatMap((each) => each.chains)));
      expect(layerSizes([...images].reverse())).toEqual(sizes);
    }),
  );
});
