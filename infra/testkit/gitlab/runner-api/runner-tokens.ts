import { randomBytes } from 'node:crypto';
import type { RunnerRecord } from '../runners.ts';

/** What runners authenticate with. */
export class RunnerTokens {
  /** The whole instance's, with which `POST /runners` makes a runner, as it was done up to GitLab 17. */
  readonly registration = randomBytes(10).toString('hex');
  readonly #runners = new Map<string, RunnerRecord>();

  /** The same whenever it is asked for. */
  of(runner: RunnerRecord): string {
    for (const [token, owner] of this.#runners) if (owner === runner) return token;
    const token = `glrt-${randomBytes(10).toString('hex')}`;
    this.#runners.set(token, runner);
    return token;
  }

  runner(token: string | undefined): RunnerRecord | undefined {
    return token === undefined ? undefined : this.#runners.get(token);
  }

  forget(token: string): void {
    this.#runners.delete(token);
  }
}
