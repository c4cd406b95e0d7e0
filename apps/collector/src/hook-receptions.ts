import type { InstanceName } from '@sideband/shared/names';
import type { CollectorConfig } from './config.ts';
import type { HookTarget } from './onboard/desired-hook.ts';
import { createAllowList } from './receive/allow-list.ts';
import type { HookReception } from './receive/hook-reception.ts';

export interface HookReceptions {
  /** Whose hooks are taken, and how they prove themselves. */
  readonly instances: ReadonlyMap<InstanceName, HookReception>;
  /** What a hook that is installed now gets; undefined where nobody said where GitLab reaches us. */
  targetOf(instance: InstanceName): HookTarget | undefined;
}

export function hookReceptions({
  gitLabs,
  publicUrl,
}: Pick<CollectorConfig, 'gitLabs' | 'publicUrl'>): HookReceptions {
  const instances = new Map(
    gitLabs.map(({ instance, hooks }) => {
      const allow = hooks.allow && createAllowList(hooks.allow);
      return [instance, { masters: hooks.masters, require: hooks.require, allow }];
    }),
  );
  return {
    instances,
    targetOf(instance) {
      const master = instances.get(instance)?.masters()[0];
      return publicUrl === undefined || master === undefined ? undefined : { instance, publicUrl, master };
    },
  };
}
