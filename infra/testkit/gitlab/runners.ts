import type { Clock, Millis } from '@sideband/shared/clock';
import type { RunnerId } from '@sideband/shared/names';

export interface RunnerRecord {
  readonly id: RunnerId;
  readonly type: 'instance_type' | 'group_type' | 'project_type';
  /** Paths of the groups or projects it belongs to; none of an instance's. */
  readonly owners: readonly string[];
  readonly description: string;
  readonly createdAt: Millis;
}

/** One runner process: several may share a runner's record. */
export interface ManagerRecord {
  readonly id: number;
  readonly runner: RunnerRecord;
  readonly systemId: string;
  readonly version: string;
  readonly createdAt: Millis;
}

export interface NewRunner {
  readonly id?: number;
  /** The path of the group or of the project it is for; the whole instance's unless told. */
  readonly group?: string;
  readonly project?: string;
  readonly description?: string;
}

/** A runner process that GitLab hears of. */
export interface PickUp {
  readonly systemId: string;
  /** The runner's record; 1 unless told. */
  readonly runnerId?: number;
  readonly version?: string;
}

/** The runners and their managers. A runner that is first heard of from its manager is the instance's. */
export class Runners {
  readonly #runners = new Map<number, RunnerRecord>();
  readonly #managers = new Map<string, ManagerRecord>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add({ id, group, project, description }: NewRunner): RunnerRecord {
    const newId = id ?? Math.max(0, ...this.#runners.keys()) + 1;
    if (this.#runners.has(newId)) throw new Error(`Runner ${newId} exists already`);
    const owner = group ?? project;
    const type =
      group !== undefined ? 'group_type' : project !== undefined ? 'project_type' : 'instance_type';
    const runner: RunnerRecord = {
      id: newId as RunnerId,
      type,
      owners: owner === undefined ? [] : [owner],
      description: description ?? `runner ${newId}`,
      createdAt: this.#clock.now(),
    };
    this.#runners.set(newId, runner);
    return runner;
  }

  contact({ systemId, runnerId = 1, version = '19.3.0' }: PickUp): ManagerRecord {
    const key = `${runnerId} ${systemId}`;
    const known = this.#managers.get(key);
    if (known !== undefined) return known;
    const runner = this.find(runnerId) ?? this.add({ id: runnerId });
    const id = this.#managers.size + 1;
    const manager = { id, runner, systemId, version, createdAt: this.#clock.now() };
    this.#managers.set(key, manager);
    return manager;
  }

  remove(id: number): void {
    this.#runners.delete(id);
  }

  find(id: number): RunnerRecord | undefined {
    return this.#runners.get(id);
  }

  /** By id, as they were made. */
  all(): readonly RunnerRecord[] {
    return [...this.#runners.values()].sort((one, other) => one.id - other.id);
  }

  managersOf(runner: RunnerRecord): ManagerRecord[] {
    return [...this.#managers.values()].filter((manager) => manager.runner === runner);
  }
}
