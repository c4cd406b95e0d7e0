import type { Millis } from '@sideband/shared/clock';
import type { Features } from './features.ts';
import type { Namespaces } from './namespaces.ts';

/** What the shape of an answer depends on, beside what it shows. */
export interface Presenter {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  readonly baseUrl: string;
  readonly now: Millis;
  readonly features: Features;
  readonly namespaces: Namespaces;
}

export type Entity = Readonly<Record<string, unknown>>;
