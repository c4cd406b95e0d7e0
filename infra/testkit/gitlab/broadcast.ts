import type { Clock } from '@sideband/shared/clock';
import type { Deliveries, Whither } from './deliveries.ts';
import { alertStatus } from './hook-health.ts';
import type { HookRecord } from './hook-record.ts';
import type { HookRegistry } from './hook-registry.ts';
import type { HookEvent } from './hook-sender.ts';
import { type HookOptions, type HookTraffic, pointedTarget, registeredTarget } from './hook-target.ts';
import type { Namespaces, ProjectRecord } from './namespaces.ts';
import type { Entity } from './presenter.ts';

/** Gets what an executable in GitLab's `file_hooks/` gets on its standard input. */
export type FileHook = (payload: Entity) => void | Promise<void>;

export interface BroadcastOptions {
  readonly clock: Clock;
  readonly namespaces: Namespaces;
  readonly hooks: HookRegistry;
  readonly deliveries: Deliveries;
}

/** Tells every hook that wants to hear of it. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  readonly #fileHooks: FileHook[] = [];
  #pointed: HookOptions | undefined;
  #traffic: HookTraffic = {};

  constructor(options: BroadcastOptions) {
    this.#options = options;
  }

  pointAt(hook: HookOptions | undefined): void {
    if (typeof hook?.url === 'string' && new URL(hook.url).protocol !== 'http:') {
      throw new Error('A hook needs http:');
    }
    this.#pointed = hook;
  }

  disturb(traffic: HookTraffic): void {
    this.#traffic = traffic;
  }

  addFileHook(hook: FileHook): void {
    this.#fileHooks.push(hook);
  }

  ofJob(project: ProjectRecord, payload: Entity): void {
    const event = { trigger: 'job_hooks', title: 'Job Hook', payload };
    this.#toPointed(project, event);
    this.#toRegistered(this.#above(project, 'job_events'), event);
    this.#toFileHooks(payload);
  }

  ofPipeline(project: ProjectRecord, payload: Entity): void {
    const event = { trigger: 'pipeline_hooks', title: 'Pipeline Hook', payload };
    if (this.#pointed?.pipelineEvents === true) this.#toPointed(project, event);
    this.#toRegistered(this.#above(project, 'pipeline_events'), event);
    this.#toFileHooks(payload);
  }

  /** To the system's hooks; to the groups' those of them that know it. */
  ofProject(project: ProjectRecord, payload: Entity, toGroups: boolean): void {
    if (toGroups) {
      const ofGroups = this.#above(project, 'project_events').filter(({ owner }) => owner.kind === 'group');
      this.#toRegistered(ofGroups, { trigger: 'project_hooks', title: 'Project Hook', payload });
    }
    this.ofSystem(payload);
  }

  ofSystem(payload: Entity): void {
    const event = { trigger: 'system_hooks', title: 'System Hook', payload };
    this.#toRegistered(this.#options.hooks.of({ kind: 'system' }), event);
    this.#toFileHooks(payload);
  }

  #above(project: ProjectRecord, wish: string): HookRecord[] {
    const { hooks, namespaces } = this.#options;
    const ofGroups = namespaces
      .groupsAbove(project)
      .flatMap((group) => hooks.of({ kind: 'group', group: group.id }));
    return [...hooks.of({ kind: 'project', project: project.id }), ...ofGroups].filter(
      ({ events }) => events[wish] === true,
    );
  }

  #toPointed(project: ProjectRecord, event: HookEvent): void {
    const pointed = this.#pointed;
    if (pointed === undefined) return;
    const target = pointedTarget(pointed, project.id);
    this.#options.deliveries.send(event, pointed, () => target);
  }

  /** What happens while a hook is paused is lost to it. */
  #toRegistered(records: readonly HookRecord[], event: HookEvent): void {
    const { clock, hooks, deliveries } = this.#options;
    for (const record of records) {
      const isUp = (): boolean =>
        hooks.has(record) && alertStatus(record.health, clock.now()) === 'executable';
      const whither: Whither = () => (isUp() ? registeredTarget(record) : undefined);
      if (isUp()) deliveries.send(event, this.#traffic, whither);
      else deliveries.withhold();
    }
  }

  #toFileHooks(payload: Entity): void {
    for (const hook of this.#fileHooks) this.#options.deliveries.accompany(async () => hook(payload));
  }
}
