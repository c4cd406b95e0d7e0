import type { Identity } from '@sideband/shared/evidence/model';
import { describe, expect, it } from 'vitest';
import type { DigestName } from '../engine/port.ts';
import { originOf } from './origin.ts';
import { anImage, aSnapshot, imageId } from './snapshot.suite.ts';

const TAG = 'docker.io/library/a:1';
const DIGEST = 'docker.io/library/a@sha256:1';

describe('the origin of an image', () => {
  const image = anImage('a', {}, { digests: [DIGEST as DigestName] });
  const origin = (repullable: readonly string[], builtHere: readonly string[] = []) =>
    originOf(image, aSnapshot([image], {}, { repullable, builtHere }));

  it.each([
    ['its id was pulled', [imageId('a')], [], 'repullable'],
    ['its digest was pulled', [DIGEST], [], 'repullable'],
    ['it was pulled, whatever was built here of the same id', [imageId('a')], [imageId('a')], 'repullable'],
    ['it was built here', [], [imageId('a')], 'built-here'],
    ['only its tag was pulled: a tag moves', [TAG], [], 'origin-unknown'],
    ['only its tag was pulled, and it was built here', [TAG], [imageId('a')], 'built-here'],
    ['only something of its tag was built here', [], [TAG], 'origin-unknown'],
    ['nothing is known', [], [], 'origin-unknown'],
  ])('where %s', (_, repullable, builtHere, expected) => {
    expect(origin(repullable, builtHere)).toBe(expected);
  });

  it('is known by a digest it lost', () => {
    const bare = anImage('b', {});
    const lost = 'docker.io/library/b@sha256:2' as Identity;
    const snapshot = aSnapshot([bare], {}, { repullable: [lost] });
    expect(originOf(bare, snapshot)).toBe('origin-unknown');
    expect(originOf(bare, { ...snapshot, lostDigests: new Map([[bare.id, [lost]]]) })).toBe('repullable');
  });
});
