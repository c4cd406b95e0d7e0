import { createHash } from 'node:crypto';
import type { Week } from '@sideband/infra/demo/week/load-week';
import { JOB_SECONDS } from '@sideband/infra/demo/week/simulate';
import { type EngineImage, type ImageId, identitiesOf } from '@sideband/reaper/engine/port';
import { ManualClock } from '@sideband/shared/clock';
import type { Use } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import type { Marks } from './marks.ts';
import { openReaper, type Reaper } from './open-reaper.ts';
import { layersOf } from './pull-count.ts';

/** 2023-03-31 21:57:09 UTC. */
const WEEK_BEGAN_MS = 1_680_299_829_000;

interface Job {
  readonly id: number;
  readonly image: EngineImage;
  readonly container: string;
  readonly endsAt: number;
}

/** A host of the week with Sideband's reaper on it, and a clock that is set. Times in seconds since the week's start. */
export class ProductHost {
  readonly #week: Week;
  readonly #reaper: Reaper;
  readonly #clock: ManualClock;
  /** In the order of their ends: all are equally long. */
  #running: readonly Job[] = [];
  #jobs = 0;

  private constructor(week: Week, reaper: Reaper, clock: ManualClock) {
    this.#week = week;
    this.#reaper = reaper;
    this.#clock = clock;
  }

  static async open(week: Week, marks: Marks, stateDirectory: string): Promise<ProductHost> {
    const clock = new ManualClock(WEEK_BEGAN_MS);
    return new ProductHost(week, await openReaper(marks, stateDirectory, clock), clock);
  }

  get usedBytes(): number {
    return this.#reaper.engine.usedBytes();
  }

  /** Ends the jobs whose time is over, each at its own moment. */
  async advanceTo(atSeconds: number): Promise<void> {
    const ended = this.#running.filter((job) => job.endsAt <= atSeconds);
    this.#running = this.#running.filter((job) => job.endsAt > atSeconds);
    for (const job of ended) {
      this.#setClock(job.endsAt);
      this.#reaper.engine.removeContainer(job.container);
      await this.#recordUse(job);
    }
    this.#setClock(atSeconds);
  }

  async has(image: number): Promise<boolean> {
    return (await this.#reaper.engine.names(this.#idOf(image))) !== undefined;
  }

  async missingLayers(image: number): Promise<readonly number[]> {
    const images = await this.#reaper.engine.images();
    const present = new Set<string>(images.flatMap(({ layers }) => layers.map(({ chain }) => chain)));
    return layersOf(this.#week, image).filter((layer) => !present.has(String(layer)));
  }

  /** As evidence has it after a pull: the image can be pulled again. */
  async pull(image: number): Promise<void> {
    const { engine, evidence, host } = this.#reaper;
    const id = engine.addImage({
      id: this.#idOf(image),
      tags: [this.#referenceOf(image)],
      layers: layersOf(this.#week, image).map((layer) => ({
        chain: String(layer),
        bytes: this.#week.layerBytes.get(layer) ?? 0,
      })),
      arrivedAt: this.#clock.now(),
    });
    await evidence().noteRepullable(host, identitiesOf(await this.#image(id)), this.#clock.now());
  }

  /** A job with a running container from now on. */
  async startJob(image: number): Promise<void> {
    const { engine } = this.#reaper;
    const present = await this.#image(this.#idOf(image));
    this.#jobs += 1;
    const container = engine.addContainer({ image: present.id, state: 'running' });
    const startedAt = (this.#clock.now() - WEEK_BEGAN_MS) / 1_000;
    const job = { id: this.#jobs, image: present, container, endsAt: startedAt + JOB_SECONDS };
    this.#running = [...this.#running, job];
    await this.#recordUse(job);
  }

  /** All evidence is lost at once. */
  forget(): void {
    this.#reaper.forget();
  }

  async check(): Promise<void> {
    await this.#reaper.run({ kind: 'check' });
  }

  async makeRoom(freeBytes: number): Promise<void> {
    await this.#reaper.run({ kind: 'reap', freeBytes });
  }

  async #recordUse(job: Job): Promise<void> {
    const now = this.#clock.now();
    const use: Use = {
      job: { instance: 'bench' as InstanceName, project: 1 as ProjectId, job: job.id as JobId },
      jobName: 'test',
      role: 'build',
      identities: identitiesOf(job.image),
      at: now,
      receivedAt: now,
      source: 'trace',
    };
    await this.#reaper.evidence().recordUses(this.#reaper.host, [use]);
  }

  async #image(id: ImageId): Promise<EngineImage> {
    const found = (await this.#reaper.engine.images()).find((image) => image.id === id);
    if (found === undefined) throw new Error(`${id} is in use and is not there`);
    return found;
  }

  #referenceOf(image: number): string {
    return this.#week.images.get(image)?.reference ?? '';
  }

  /** The same at each pull, as an image's id is. */
  #idOf(image: number): ImageId {
    return `sha256:${createHash('sha256').update(this.#referenceOf(image)).digest('hex')}` as ImageId;
  }

  #setClock(atSeconds: number): void {
    this.#clock.advance(WEEK_BEGAN_MS + atSeconds * 1_000 - this.#clock.now());
  }
}
