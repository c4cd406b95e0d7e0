import type { Millis } from '@sideband/shared/clock';
import type { EngineContainer, EngineImage } from '../engine/port.ts';

/** What is on the engine, asked for no more often than something happens there. */
export interface Inventory {
  /** Throws what the engine port throws. */
  images(): Promise<readonly EngineImage[]>;
  /** Throws what the engine port throws. */
  containers(): Promise<readonly EngineContainer[]>;
  /** The next calls ask the engine: before anything is deleted nothing is taken from memory. */
  refresh(): void;
}

export interface WatchStatus {
  /** The stream of events is open and every list since then has been read. */
  readonly isWatching: boolean;
  /** Since when that is so. */
  readonly since: Millis;
  /** How often the stream broke off. */
  readonly gaps: number;
  readonly events: number;
}

/** Follows the engine: its events become uses, claims and origins. */
export interface Watch {
  readonly inventory: Inventory;
  start(): void;
  stop(): Promise<void>;
  /** Resolves when all that the engine has sent so far is noted. */
  settled(): Promise<void>;
  status(): WatchStatus;
}
