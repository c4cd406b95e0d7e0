import { type Bytes, parseByteSize } from './byte-size.ts';
import { quote } from './quote.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';

/** How much room is meant: so many bytes, or that part of a filesystem as `df` counts it. */
export type Mark =
  | { readonly kind: 'bytes'; readonly bytes: Bytes }
  /** More than 0 and less than 100. */
  | { readonly kind: 'percent'; readonly percent: number };

const PERCENT = /^(?:0|[1-9][0-9]?)(?:\.[0-9]{1,3})?%$/;

/** Reads `15%`, with up to three decimals, or a size as in `parseByteSize`. Refuses with `bad-percent` or the size's reason. */
export function parseMark(text: string): Result<Mark, Refusal> {
  if (!text.includes('%')) {
    const size = parseByteSize(text);
    if (size.ok) return ok({ kind: 'bytes', bytes: size.value });
    return refuse({ reason: size.error.reason, message: `${size.error.message}, or a percentage: 15%` });
  }
  const percent = PERCENT.test(text) ? Number(text.slice(0, -1)) : 0;
  if (percent > 0) return ok({ kind: 'percent', percent });
  return refuse({
    reason: 'bad-percent',
    message: `${quote(text)} is no percentage: expected more than 0% and less than 100%, for instance 15%`,
  });
}
