import { parseImageReference } from '@sideband/shared/image-reference';
import { createNoteBook } from './image-notes.ts';
import type { ImageTally, TraceImage } from './image-tally.ts';
import type { RunnerSentence } from './runner-sentence.ts';

/** What the runner calls the container of the job's own image. */
const BUILD_CONTAINER = 'build';

/** The Kubernetes executor names the job's own image when it begins, and no other; the cluster does the rest. */
export function createPodTally(): ImageTally {
  const notes = createNoteBook();
  let build: TraceImage | undefined;

  function use(text: string, line: number): string | undefined {
    const name = parseImageReference(text);
    if (!name.ok) return name.error.reason === 'masked' ? 'masked-name' : 'bad-name';
    if (build !== undefined && build.reference !== text) return 'second-image';
    build = {
      ...notes.take(BUILD_CONTAINER, 'build', line, build),
      role: 'build',
      name: name.value,
      id: undefined,
      digest: undefined,
      pulled: false,
      reference: text,
      printedDigest: undefined,
    };
    return undefined;
  }

  function takePolicy(sentence: Extract<RunnerSentence, { kind: 'policy' }>, line: number): void {
    if (build === undefined || sentence.name !== BUILD_CONTAINER) return;
    notes.add(sentence, line);
    build = { ...build, ...notes.take(BUILD_CONTAINER, 'build', line, build) };
  }

  return {
    add(sentence, line) {
      if (sentence.kind === 'kubernetes') return use(sentence.name, line);
      if (sentence.kind === 'policy') takePolicy(sentence, line);
      return undefined;
    },
    images: () => (build === undefined ? [] : [build]),
  };
}
