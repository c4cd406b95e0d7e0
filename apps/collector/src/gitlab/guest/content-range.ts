import type { AnswerHead } from './answer.ts';

/** Which bytes of a whole a 206 brings. */
export interface ContentRange {
  readonly from: number;
  /** The first byte after it. */
  readonly to: number;
  /** Of the whole by now; `undefined` if the server does not say. */
  readonly total: number | undefined;
}

// 15 digits: exact as a number.
const FORM = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/;

/** `undefined` if the header is absent, contradicts itself, or tells of something else than one range of bytes. */
export function parseContentRange(answer: AnswerHead): ContentRange | undefined {
  const [, first, last, length] = FORM.exec(answer.headers['content-range'] ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  const from = Number(first);
  const to = Number(last) + 1;
  const total = length === '*' ? undefined : Number(length);
  return from < to && (total === undefined || to <= total) ? { from, to, total } : undefined;
}
