/** Why an image goes. */
export const EVICT_REASONS = ['disk-low', 'over-budget', 'requested', 'emergency'] as const;
export type EvictReason = (typeof EVICT_REASONS)[number];

/** Why an image stays, strongest guard first. */
export const KEEP_REASONS = [
  /** A container, in any state, is made of it. */
  'in-use',
  /** A job that has no container yet is known to need it. */
  'leased',
  /** The engine would not remove it a moment ago. */
  'engine-refused',
  /** It came so recently that its job may not have a container yet. */
  'grace-after-pull',
  /** Sideband's own image, by its label. Yields in an emergency. */
  'own-image',
  /** A job that has no container yet used it last time. Yields in an emergency. */
  'lease-predicted',
  /** A job of a project that used it before is being prepared, and nothing says which image it needs. Yields in an emergency. */
  'project-preparing',
  /** Used a moment ago. Yields in an emergency. */
  'grace-after-use',
  /** Every job of the runner needs it. Yields in an emergency. */
  'helper-image',
  /** Built, loaded or imported on this host, so it cannot be pulled again. Yields in an emergency. */
  'built-here',
  /** Nobody saw it being pulled, so perhaps it cannot be pulled again. Yields in an emergency. */
  'origin-unknown',
  /** The engine keeps a parent as long as its children are there. */
  'has-children',
  /** It could go, and there is room enough. */
  'room-enough',
] as const;
export type KeepReason = (typeof KEEP_REASONS)[number];
export type Reason = EvictReason | KeepReason;
