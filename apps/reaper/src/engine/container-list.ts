import type { Millis } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import { quote } from '@sideband/shared/quote';
import { listedContainers, readAnswer } from './answers.ts';
import { READ_TIMEOUT_MS } from './image-details.ts';
import { type EngineContainer, toImageId } from './port.ts';
import type { Asking } from './wire.ts';

/** All containers in any state. Throws `ENGINE_UNAVAILABLE` or `ENGINE_FAILED`. */
export async function readContainers(wire: Asking, log: Log): Promise<readonly EngineContainer[]> {
  const query = { all: 'true' };
  const call = { method: 'GET', path: '/containers/json', query, timeoutMs: READ_TIMEOUT_MS } as const;
  const listed = readAnswer(listedContainers, await wire.ask(call), 'GET /containers/json');
  return listed.flatMap((container): readonly EngineContainer[] => {
    const image = toImageId(container.ImageID) ?? toImageId(container.Image);
    if (image === undefined) {
      // Seen on containers that are being removed; the engine itself goes on refusing to delete their image.
      log.warn({ container: quote(container.Id) }, 'The engine does not say which image a container has');
      return [];
    }
    const createdAt = ((container.Created ?? 0) * 1_000) as Millis;
    const { Id: id, State, Labels } = container;
    return [{ id, image, createdAt, state: State ?? '', labels: Labels ?? {} }];
  });
}
