import type { Duration } from '@sideband/shared/duration';
import type { Mark } from '@sideband/shared/mark';

/** What an operator wrote. Marks are about free space: `start` is the lowest free space that is still fine. */
export interface Policy {
  readonly mode: 'observe' | 'enforce';
  readonly disk: {
    /** Below this much free space a reap begins. */
    readonly start: Mark;
    /** It ends when this much is free. */
    readonly stop: Mark;
    /** Below this, protected tiers open. */
    readonly emergency: Mark;
  };
  /** Limits for the total of image bytes, where wanted. */
  readonly budget: { readonly startBytes: number; readonly stopBytes: number } | undefined;
  /** An image of unknown origin counts as any other once it was unused for this long: nobody misses it. */
  readonly localMaxUnused: Duration;
  readonly grace: {
    /** An image that came to the host within this time stays, emergency or not: its job may not have a container yet. */
    readonly afterPull: Duration;
    /** An image used within this time stays outside an emergency. */
    readonly afterUse: Duration;
  };
}

/** A mark in bytes of this filesystem; percent as `df` counts it. */
export function markBytes(mark: Mark, totalBytes: number): number {
  return mark.kind === 'bytes' ? mark.bytes : (totalBytes * mark.percent) / 100;
}
