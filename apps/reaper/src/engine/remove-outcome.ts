import { engineWords, readAnswer, removedImage } from './answers.ts';
import { type RemoveOutcome, toImageId } from './port.ts';
import type { Answer } from './wire.ts';

/** What an engine's answer to the deletion of `target` (an id or a name) means. Throws `ENGINE_FAILED`. */
export function removeOutcome(target: string, answer: Answer): RemoveOutcome {
  if (answer.status === 404) return { kind: 'absent' };
  // Podman 4.3 refuses this with 500, where Docker has 409.
  if (answer.status >= 409 && isSeveralNames(answer.body)) return { kind: 'several-names' };
  if (answer.status === 409) return { kind: 'in-use' };
  if (answer.status >= 500) return { kind: 'failed', message: engineWords(answer.body) };
  const deleted = readAnswer(removedImage, answer, 'DELETE /images')
    .map((entry) => toImageId(entry.Deleted))
    .filter((id) => id !== undefined);
  // The list names the image and then its layers. Whose name we gave we do not know the id of, but since parents
  // are not pruned, nothing else can have been deleted.
  const own = toImageId(target);
  const isGone = own === undefined ? deleted.length > 0 : deleted.includes(own);
  return { kind: isGone ? 'removed' : 'untagged' };
}

function isSeveralNames(body: unknown): boolean {
  // Docker: "(must be forced) - image is referenced in multiple repositories", also for two tags in one.
  // Podman: "unable to delete image … by ID with more than one tag".
  return /multiple repositories|more than one tag/.test(JSON.stringify(body));
}
