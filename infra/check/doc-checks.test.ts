import { describe, expect, it } from 'vitest';
import { checkErrors, checkLinks, checkScripts, checkSettings } from './doc-checks.ts';

function page(text: string, file = 'docs/page.md'): ReadonlyMap<string, string> {
  return new Map([[file, text]]);
}

describe('checkErrors', () => {
  const catalogue = {
    DISK_UNREADABLE: { message: 'It cannot be read', remedy: 'Give the reaper a view of it.' },
  };
  const good =
    '# Errors\n\n## `DISK_UNREADABLE`\n\nIt cannot be read.\nMore.\nGive the reaper\na `view` of it.\n';

  it('accepts a page that says it all', () => {
    expect(checkErrors('docs/errors.md', good, catalogue)).toEqual([]);
  });

  it.each([
    ['', 'docs/errors.md: DISK_UNREADABLE has no heading'],
    [`${good}\n## GONE_ERROR\n\nOld.\n`, 'docs/errors.md: GONE_ERROR is no error that Sideband raises'],
    [`${good}\n${good}`, 'docs/errors.md: DISK_UNREADABLE has more than one section'],
    [good.replace('Give', 'Take'), expect.stringContaining('does not say "Give the reaper a view of it."')],
    [good.replace('It cannot', 'One cannot'), expect.stringContaining('does not say "It cannot be read"')],
    [good.replace('Give', '## Other\n\nGive'), expect.stringContaining('does not say "Give')],
  ])('finds what is wrong in %j', (text, problem) => {
    expect(checkErrors('docs/errors.md', text, catalogue)).toEqual([problem]);
  });
});

describe('checkScripts', () => {
  const scripts = { start: '', 'check:rooms': '' };

  it('accepts scripts that exist, and npm itself', () => {
    const text = 'Run `npm start`, then npm run check:rooms. Before: `npm ci`, `npm run check:rooms -- -v`.';
    expect(checkScripts(page(text), scripts)).toEqual([]);
  });

  it.each([
    ['Run\n`npm test`.', 'docs/page.md:2: package.json has no script test'],
    ['npm run chekc', 'docs/page.md:1: package.json has no script chekc'],
    ['npm run check:', 'docs/page.md:1: package.json has no script check'],
  ])('finds what is wrong in %j', (text, problem) => {
    expect(checkScripts(page(text), scripts)).toEqual([problem]);
  });
});

describe('checkLinks', () => {
  const exists = (file: string): boolean =>
    ['README.md', 'docs/errors.md', 'docs/a b.md', 'apps'].includes(file);

  it.each([
    '[x](errors.md)',
    '[x](./errors.md#disk_unreadable "title")',
    '[x](../README.md)',
    '[x](../apps/..//README.md)',
    '[x](/README.md)',
    '[x](a%20b.md)',
    '[x](<errors.md>)',
    '![x](https://example.com/x.png)',
    '[x](mailto:x@example.com)',
    '[x](#below)',
    '[x]: errors.md',
    '`[x](gone.md)`',
    '```md\n[x](gone.md)\n```',
  ])('accepts %j', (text) => {
    expect(checkLinks(page(text), exists)).toEqual([]);
  });

  it.each([
    ['a\n[x](gone.md)', 'docs/page.md:2: the link to gone.md leads nowhere'],
    ['```\ncode\n```\n[x](../errors.md)', 'docs/page.md:4: the link to ../errors.md leads nowhere'],
    ['[x]: gone.md#part', 'docs/page.md:1: the link to gone.md#part leads nowhere'],
    ['![x](gone.png)', 'docs/page.md:1: the link to gone.png leads nowhere'],
  ])('finds what is wrong in %j', (text, problem) => {
    expect(checkLinks(page(text), exists)).toEqual([problem]);
  });

  it('reads links from where the page lies', () => {
    expect(checkLinks(page('[x](docs/errors.md)', 'README.md'), exists)).toEqual([]);
  });
});

describe('checkSettings', () => {
  const configs = new Map([['apps/a/src/config.ts', "env['SIDEBAND_REDIS'] ?? env['SIDEBAND_TOKEN_FILE']"]]);

  it('accepts pages that explain just what is read', () => {
    const text = '`SIDEBAND_REDIS=redis://…`, SIDEBAND_TOKEN_FILE: all of SIDEBAND_*.';
    expect(checkSettings(page(text), configs)).toEqual([]);
  });

  it('finds settings that nobody reads and settings that nobody explains', () => {
    expect(checkSettings(page('SIDEBAND_REDIS\nSIDEBAND_TOKEN'), configs)).toEqual([
      'docs/page.md:2: no program reads SIDEBAND_TOKEN',
      'SIDEBAND_TOKEN_FILE is read, but neither README.md nor docs/ explain it',
    ]);
  });
});
