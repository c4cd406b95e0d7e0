import type { Week } from '@sideband/infra/demo/week/load-week';
import { capacityTooSmall } from './capacity-too-small.ts';
import type { Marks } from './marks.ts';
import { ProductHost } from './product-host.ts';
import { bytesOf, type Cost, PullCount } from './pull-count.ts';

/**
 * What the week costs with Sideband itself: plan, cycle, reap and evidence as the program has them, on its in-memory
 * engine and disk. Each event is one job; a check follows it. A pull that does not fit asks for room as an
 * operator would. Throws `CONFIG_INVALID` when the capacity cannot hold what is in use.
 */
export async function replayProduct(
  week: Week,
  marks: Marks,
  stateDirectory: string,
  /** Before this event all evidence is lost, with Redis and the state directory together. */
  forgetsBefore = Number.POSITIVE_INFINITY,
): Promise<Cost> {
  const host = await ProductHost.open(week, marks, stateDirectory);
  const count = new PullCount(week);
  const missingBytes = async (image: number): Promise<number> =>
    bytesOf(week, await host.missingLayers(image));
  const fits = async (image: number): Promise<boolean> =>
    host.usedBytes + (await missingBytes(image)) <= marks.capacityBytes;

  for (const [index, { atSeconds, image }] of week.events.entries()) {
    if (index === forgetsBefore) host.forget();
    await host.advanceTo(atSeconds);
    if (!(await host.has(image))) {
      const wasFull = !(await fits(image));
      // What went may have taken a base layer along, so that more is missing than was asked for.
      for (let before = Infinity; !(await fits(image)) && host.usedBytes < before; ) {
        before = host.usedBytes;
        await host.makeRoom(await missingBytes(image));
      }
      if (!(await fits(image))) throw capacityTooSmall(marks.capacityBytes, atSeconds);
      count.add(image, await host.missingLayers(image), wasFull);
      await host.pull(image);
    }
    await host.startJob(image);
    await host.check();
  }
  return count.cost;
}
