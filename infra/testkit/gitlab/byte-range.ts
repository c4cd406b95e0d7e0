/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What a `Range` header asks of a body of so many bytes: `unsatisfiable` past its end, undefined where there is none,
 * or one that a server may ignore (several ranges, another unit).
 */
export function byteRange(
  header: string | undefined,
  total: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') return suffix(Number(to), total);
  const last = Math.min(to === '' ? total - 1 : Number(to), total - 1);
  if (to !== '' && Number(to) < Number(from)) return undefined;
  return Number(from) >= total ? 'unsatisfiable' : { first: Number(from), last };
}

function suffix(length: number, total: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || total === 0) return 'unsatisfiable';
  return { first: Math.max(0, total - length), last: total - 1 };
}
