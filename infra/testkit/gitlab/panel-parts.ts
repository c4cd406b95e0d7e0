import type { Broadcast } from './broadcast.ts';
import type { Context } from './context.ts';

/** What the control panel turns. */
export interface PanelParts
  extends Pick<Context, 'records' | 'hooks' | 'deliveries' | 'configurations' | 'presenter'> {
  readonly broadcast: Broadcast;
}
