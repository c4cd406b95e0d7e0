/** What a name stands for; undefined where nobody knows. */
export type LookUp = (name: string) => string | undefined;

/** Twice the longest name of an image and more; what variables of variables can make has no end. */
const MAX_LENGTH = 4_096;

// As isShellSpecialVar of Go's package os.
const SPECIAL = /[*#$@!?\-0-9]/;
const NAME = /\w/;

/**
 * Expands `$x` and `${x}` once, as gitlab-runner does with Go's `os.Expand`: what comes out is not looked at again.
 * The runner takes `$$` for a dollar and Go's other special names (`$1`, `$@`, `$-`) for nothing; a dollar before
 * anything else stays; `${}` and a `${` that is never closed are dropped.
 *
 * Undefined where a name stands for something unknown, or too much comes out; `lookUp` is told each name once it is met.
 */
export function expand(text: string, lookUp: LookUp): string | undefined {
  let expanded = '';
  let isKnown = true;
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf('$', at);
    // A dollar at the very end names nothing.
    if (dollar === -1 || dollar === text.length - 1) {
      expanded += text.slice(at);
      break;
    }
    expanded += text.slice(at, dollar);
    const { name, length } = nameAt(text, dollar + 1);
    const value = standsFor(name, lookUp);
    if (value === undefined) isKnown = false;
    else expanded += value;
    if (expanded.length > MAX_LENGTH) return undefined;
    at = dollar + 1 + length;
  }
  return isKnown && expanded.length <= MAX_LENGTH ? expanded : undefined;
}

function standsFor(name: string | undefined, lookUp: LookUp): string | undefined {
  if (name === undefined) return '';
  if (name === '' || name === '$') return '$';
  return name.length === 1 && SPECIAL.test(name) ? '' : lookUp(name);
}

/** As getShellName of Go's package os. Undefined: a brace that means nothing. Empty: no name, so the dollar is one. */
function nameAt(text: string, start: number): { readonly name: string | undefined; readonly length: number } {
  const first = text.charAt(start);
  if (first === '{') {
    const end = text.indexOf('}', start);
    if (end === -1) return { name: undefined, length: 1 };
    const name = text.slice(start + 1, end);
    return { name: name === '' ? undefined : name, length: end + 1 - start };
  }
  if (SPECIAL.test(first)) return { name: first, length: 1 };
  let end = start;
  while (end < text.length && NAME.test(text.charAt(end))) end += 1;
  return { name: text.slice(start, end), length: end - start };
}
