import type { Clock } from '@sideband/shared/clock';
import type { Features } from './features.ts';
import { defaultEvents } from './hook-events.ts';
import { healthy } from './hook-health.ts';
import type { HookChanges, HookOwner, HookRecord, NewHook } from './hook-record.ts';

/** The hooks that GitLab keeps. Misuse throws. */
export class HookRegistry {
  readonly #hooks = new Map<number, HookRecord>();
  readonly #clock: Clock;
  readonly #features: Features;
  #nextId = 1;

  constructor(clock: Clock, features: Features) {
    this.#clock = clock;
    this.#features = features;
  }

  add(owner: HookOwner, hook: NewHook): HookRecord {
    const record: HookRecord = {
      id: this.#nextId++,
      owner,
      createdAt: this.#clock.now(),
      url: hook.url,
      token: undefined,
      signingToken: undefined,
      name: undefined,
      description: undefined,
      enableSslVerification: true,
      template: undefined,
      events: defaultEvents(owner.kind, this.#features),
      health: healthy,
      log: [],
    };
    this.change(record, hook);
    this.#hooks.set(record.id, record);
    return record;
  }

  /**
   * A secret that is not named along with another address is forgotten, so that nobody can have it sent to himself.
   * GitLab does so with the token; that it does with the signing token too is assumed.
   */
  change(record: HookRecord, changes: HookChanges): void {
    const moves = changes.url !== undefined && changes.url !== record.url;
    if (moves) {
      record.url = changes.url;
      record.token = undefined;
      record.signingToken = undefined;
    }
    record.token = changes.token === undefined ? record.token : notEmpty(changes.token);
    if (changes.signingToken !== undefined && this.#features.has('signingTokens')) {
      record.signingToken = notEmpty(changes.signingToken);
    }
    record.name = changes.name ?? record.name;
    record.description = changes.description ?? record.description;
    record.enableSslVerification = changes.enableSslVerification ?? record.enableSslVerification;
    record.template = changes.template ?? record.template;
    record.events = { ...record.events, ...changes.events };
  }

  remove(id: number): void {
    this.#hooks.delete(id);
  }

  /** Those of a project go with it. */
  removeOf(owner: HookOwner): void {
    for (const hook of this.of(owner)) this.remove(hook.id);
  }

  has(record: HookRecord): boolean {
    return this.#hooks.has(record.id);
  }

  get(id: number): HookRecord {
    const hook = this.#hooks.get(id);
    if (hook === undefined) throw new Error(`There is no hook ${id}`);
    return hook;
  }

  find(owner: HookOwner, id: number): HookRecord | undefined {
    return this.of(owner).find((hook) => hook.id === id);
  }

  /** Oldest first. */
  of(owner: HookOwner): HookRecord[] {
    return [...this.#hooks.values()].filter((hook) => isSame(hook.owner, owner));
  }
}

function isSame(one: HookOwner, other: HookOwner): boolean {
  if (one.kind === 'project') return other.kind === 'project' && one.project === other.project;
  if (one.kind === 'group') return other.kind === 'group' && one.group === other.group;
  return other.kind === 'system';
}

function notEmpty(secret: string): string | undefined {
  return secret === '' ? undefined : secret;
}
