import type { Readable } from 'node:stream';

/** What GitLab answered, up to where its body begins. */
export interface AnswerHead {
  readonly status: number;
  /** Names in lower case; those that came more than once are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Answer extends AnswerHead {
  /** As it came over the wire: perhaps compressed. Destroying it closes the connection. */
  readonly body: Readable;
}

/** In lower case, without its parameters; empty if there is none. */
export function mediaType(answer: AnswerHead): string {
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase();
}
