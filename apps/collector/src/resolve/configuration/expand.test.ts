// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what is read here.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand } from './expand.ts';

const marked = (name: string): string => `<${name}>`;

describe('expand', () => {
  // Each as Go 1.22 answers with os.Expand and the runner's lookup (JobVariables.Get).
  it.each([
    ['ruby:3.3', 'ruby:3.3'],
    ['$A', '<A>'],
    ['${A}', '<A>'],
    ['$A_1/$b:${C}-x', '<A_1>/<b>:<C>-x'],
    ['$A.B', '<A>.B'],
    ['${A.B:-c}', '<A.B:-c>'],
    ['${A$B}', '<A$B>'],
    ['a$', 'a$'],
    ['a$/b$.c', 'a$/b$.c'],
    ['$é', '$é'],
    ['$$A', '$A'],
    ['$$$A', '$<A>'],
    ['${$}', '$'],
    ['a$1b$@c$-d$#e$*f$?g$!h', 'abcdefgh'],
    ['$10', '0'],
    ['${1}${10}', '<10>'],
    ['a${}b', 'ab'],
    ['a${b', 'ab'],
    ['a${', 'a'],
    ['a{$A}b', 'a{<A>}b'],
  ])('%s becomes %s', (text, expanded) => {
    expect(expand(text, marked)).toBe(expanded);
  });

  it('looks once: what a variable stands for is not expanded', () => {
    expect(expand('$A', () => '$B ${C} $$')).toBe('$B ${C} $$');
    fc.assert(fc.property(fc.string(), (value) => expand('a/$A:b', () => value) === `a/${value}:b`));
  });

  it('knows nothing where one name is unknown, and asks for them all', () => {
    const asked: string[] = [];
    const known = (name: string): string | undefined => {
      asked.push(name);
      return name === 'B' ? 'b' : undefined;
    };
    expect(expand('$A/$B/$C', known)).toBeUndefined();
    expect(asked).toEqual(['A', 'B', 'C']);
  });

  it('does not grow without end', () => {
    expect(expand('$A$A', () => 'a'.repeat(2_048))).toHaveLength(4_096);
    expect(expand('$A$A-', () => 'a'.repeat(2_048))).toBeUndefined();
  });

  it('leaves a text without a dollar as it is, and takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('$') || expand(text, marked) === text));
    const signs = fc
      .array(fc.constantFrom('$', '{', '}', 'A', '1', '_', '-', 'é', '😀'))
      .map((all) => all.join(''));
    fc.assert(fc.property(signs, (text) => typeof expand(text, marked) === 'string'));
  });
});
