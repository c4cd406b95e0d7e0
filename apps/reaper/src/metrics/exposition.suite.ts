export interface Family {
  readonly type: string;
  readonly help: string;
  /** By the labels as they are written, `kind="fresh"`; without labels by the empty text. */
  readonly values: Map<string, number>;
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.+)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|\+Inf|NaN)$/;
const LABELS = /^[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*"(?:,[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*")*$/;

/**
 * Prometheus's text format 0.0.4, strictly: every line is understood, each family is declared once and before its
 * samples, and no series stands there twice. Throws naming the line.
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line has no end');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, keyword, declared = '', words = ''] = COMMENT.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (helps.has(declared)) throw new Error(`Declared twice: ${line}`);
      helps.set(declared, words);
    } else if (keyword === 'TYPE') {
      if (families.has(declared)) throw new Error(`Declared twice: ${line}`);
      families.set(declared, { type: words, help: helps.get(declared) ?? '', values: new Map() });
    } else {
      readSample(line, families);
    }
  }
  return families;
}

function readSample(line: string, families: ReadonlyMap<string, Family>): void {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  if (family === undefined || (labels !== '' && !LABELS.test(labels)))
    throw new Error(`Not understood: ${line}`);
  const series = family === families.get(name) ? labels : `${name}{${labels}}`;
  if (family.values.has(series)) throw new Error(`There twice: ${line}`);
  family.values.set(series, Number(value.replace('Inf', 'Infinity')));
}
