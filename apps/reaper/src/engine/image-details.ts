import type { Log } from '@sideband/shared/log';
import { engineWords, imageHistory, inspectedImage, readAnswer } from './answers.ts';
import type { ImageId } from './port.ts';
import type { Asking } from './wire.ts';

export const READ_TIMEOUT_MS = 60_000;

/** What the engine's list does not say of an image. */
export interface ImageDetails {
  /** Base first. */
  readonly diffIds: readonly string[];
  /** Bytes, base first; undefined where the engine could not give them. */
  readonly history: readonly number[] | undefined;
  readonly lastTagTime: string | undefined;
}

/** Asks for one image's details, or only for those that can have changed since `before`; undefined when it is gone. */
export async function readImageDetails(
  wire: Asking,
  id: ImageId,
  before: ImageDetails | undefined,
  log: Log,
): Promise<ImageDetails | undefined> {
  const call = { method: 'GET', path: `/images/${id}/json`, timeoutMs: READ_TIMEOUT_MS } as const;
  const answer = await wire.ask(call);
  if (answer.status === 404) return undefined;
  const inspected = readAnswer(inspectedImage, answer, 'GET /images/<id>/json');
  return {
    diffIds: inspected.RootFS?.Layers ?? [],
    history: before === undefined ? await readHistory(wire, id, log) : before.history,
    lastTagTime: inspected.Metadata?.LastTagTime ?? undefined,
  };
}

/** An image whose history the engine cannot give is a whole image all the same; only its layers' sizes are unknown. */
async function readHistory(wire: Asking, id: ImageId, log: Log): Promise<readonly number[] | undefined> {
  const answer = await wire.ask({ method: 'GET', path: `/images/${id}/history`, timeoutMs: READ_TIMEOUT_MS });
  if (answer.status === 200) {
    const newestFirst = readAnswer(imageHistory, answer, 'GET /images/<id>/history');
    return newestFirst.map((entry) => entry.Size).reverse();
  }
  if (answer.status !== 404) {
    log.warn(
      { image: id, answer: engineWords(answer.body) },
      'The engine cannot give the history of an image',
    );
  }
  return undefined;
}
