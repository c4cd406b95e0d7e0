import { formatBytes } from '@sideband/shared/byte-size';
import { SidebandError } from '@sideband/shared/errors';

/** The jobs that run at one moment need more than the disk has: no way of choosing could help. */
export function capacityTooSmall(capacityBytes: number, atSeconds: number): SidebandError {
  const size = formatBytes(capacityBytes);
  return new SidebandError('CONFIG_INVALID', {
    problems: [`--capacity: ${size} cannot hold the images in use ${atSeconds} s into the week`],
  });
}
