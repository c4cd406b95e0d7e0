import type { Role } from '@sideband/shared/evidence/model';
import type { RunnerSentence } from './runner-sentence.ts';

/** What the runner said beside an image's name and id. */
export interface ImageNotes {
  /** Said only of an image that was pulled for a platform (16.6). */
  readonly platform: string | undefined;
  /** The effective policies, in the order in which they are tried (18.0). */
  readonly pullPolicy: readonly string[] | undefined;
  readonly foundLocally: boolean;
  /** Where all this was read, the first line of the trace being 1. Ascending, 32 at most. */
  readonly lines: readonly number[];
}

export interface NoteBook {
  /** Names must have been checked and counted before. */
  add(sentence: RunnerSentence, line: number): void;
  /** The notes of a name that is used now. They are taken off, so that the next use has its own. */
  take(name: string, role: Role, line: number, before: ImageNotes | undefined): ImageNotes;
}

interface Note {
  readonly platform: string | undefined;
  readonly policies: readonly string[] | undefined;
  readonly lines: readonly number[];
}

const MAX_LINES = 32;
const NONE: Note = { platform: undefined, policies: undefined, lines: [] };

/** Collects what is said on the way to an image: some lines name it, the others are of whatever is used next. */
export function createNoteBook(): NoteBook {
  const named = new Map<string, Note>();
  let nameless: readonly number[] = [];
  let executorLine: number | undefined;
  let local = false;

  function addTo(name: string, line: number, said: Partial<Note> = {}): void {
    const note = named.get(name) ?? NONE;
    named.set(name, { ...note, ...said, lines: [...note.lines, line].slice(0, MAX_LINES) });
  }

  return {
    add(sentence, line) {
      switch (sentence.kind) {
        case 'executor':
        case 'kubernetes':
          executorLine = line;
          nameless = [];
          local = false;
          return;
        case 'helper':
          addTo(sentence.name, line);
          return;
        case 'policy':
          addTo(sentence.name, line, { policies: sentence.policies });
          return;
        case 'pulling':
          local = false;
          addTo(sentence.name, line, { platform: sentence.platform });
          return;
        case 'local':
        case 'failure':
        case 'service':
          local = sentence.kind === 'local';
          nameless = [...nameless, line].slice(0, MAX_LINES);
          return;
        default:
          return;
      }
    },

    take(name, role, line, before) {
      const { platform, policies, lines } = named.get(name) ?? NONE;
      const executor = role === 'build' && executorLine !== undefined ? [executorLine] : [];
      const all = new Set([...(before?.lines ?? []), ...executor, ...lines, ...nameless, line]);
      const notes: ImageNotes = {
        platform: platform ?? before?.platform,
        pullPolicy: policies ?? before?.pullPolicy,
        foundLocally: local,
        lines: [...all].sort((a, b) => a - b).slice(0, MAX_LINES),
      };
      named.delete(name);
      nameless = [];
      local = false;
      return notes;
    },
  };
}
