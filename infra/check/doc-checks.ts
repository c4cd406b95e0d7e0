import path from 'node:path';

/** Markdown texts by path from the root. */
export type Pages = ReadonlyMap<string, string>;

interface CatalogueEntry {
  readonly message: string;
  readonly remedy: string;
}

const FENCED = /^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm;
const INLINE_CODE = /`[^`\n]*`/g;
const LINK = /\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]\n]+\]:\s*<?([^\s>]+)/gm;
const SCRIPT = /\bnpm (?:run (?:-s )?([a-z][\w-]*(?:[:.][\w-]+)*)|(start|test)\b)/g;
const SETTING = /\bSIDEBAND_[A-Z](?:[A-Z0-9_]*[A-Z0-9])?\b/g;

/** Every code has a section of its own, in which its message and its remedy stand; no section has a code that is none. */
export function checkErrors(
  file: string,
  text: string,
  catalogue: Readonly<Record<string, CatalogueEntry>>,
): readonly string[] {
  const all = sectionsOf(text);
  const sections = new Map(all);
  const missing = Object.entries(catalogue).flatMap(([code, { message, remedy }]) => {
    const section = sections.get(code);
    if (section === undefined) return [`${file}: ${code} has no heading`];
    return [message, remedy]
      .filter((words) => !section.includes(words))
      .map((words) => `${file}: the section ${code} does not say "${words}"`);
  });
  const twice = Object.keys(catalogue)
    .filter((code) => all.filter(([heading]) => heading === code).length > 1)
    .map((code) => `${file}: ${code} has more than one section`);
  const unknown = [...sections.keys()].filter(
    (heading) => /^[A-Z_]+$/.test(heading) && !(heading in catalogue),
  );
  const strange = unknown.map((heading) => `${file}: ${heading} is no error that Sideband raises`);
  return [...missing, ...twice, ...strange];
}

/** Every npm script that a page tells its reader to run. */
export function checkScripts(pages: Pages, scripts: Readonly<Record<string, string>>): readonly string[] {
  return mentions(pages, SCRIPT)
    .filter(({ found }) => scripts[found] === undefined)
    .map(({ place, found }) => `${place}: package.json has no script ${found}`);
}

/** Every link that stays inside the project; `exists` answers for paths from the root. */
export function checkLinks(pages: Pages, exists: (file: string) => boolean): readonly string[] {
  const prose = new Map([...pages].map(([file, text]) => [file, withoutCode(text)]));
  return mentions(prose, LINK).flatMap(({ file, place, found }) => {
    const [target = ''] = found.split(/[#?]/);
    if (target === '' || /^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const base = target.startsWith('/') ? '.' : path.posix.dirname(file);
    return exists(path.posix.join(base, decodeURI(target)))
      ? []
      : [`${place}: the link to ${found} leads nowhere`];
  });
}

/** Every setting that a page names is one that a program reads, and every one that is read is on some page. */
export function checkSettings(pages: Pages, configs: Pages): readonly string[] {
  const documented = mentions(pages, SETTING);
  const read = mentions(configs, SETTING);
  const known = new Set(read.map(({ found }) => found));
  const explained = new Set(documented.map(({ found }) => found));
  return [
    ...documented
      .filter(({ found }) => !known.has(found))
      .map(({ place, found }) => `${place}: no program reads ${found}`),
    ...[...known]
      .filter((setting) => !explained.has(setting))
      .map((setting) => `${setting} is read, but neither README.md nor docs/ explain it`),
  ];
}

/** What stands under each heading, as one line of text without the marks for code. */
function sectionsOf(text: string): readonly (readonly [heading: string, body: string])[] {
  const [, ...sections] = `\n${text}`.split(/\n#+ +/);
  return sections.map((section) => {
    const [heading = '', ...body] = section.split('\n');
    return [plain(heading), plain(body.join(' '))];
  });
}

function plain(text: string): string {
  return text.replaceAll('`', '').replace(/\s+/g, ' ').trim();
}

/** Code is blanked out character by character, so that lines keep their numbers. */
function withoutCode(text: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, ' ');
  return text.replace(FENCED, blank).replace(INLINE_CODE, blank);
}

function mentions(pages: Pages, pattern: RegExp) {
  return [...pages].flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map((match) => {
      const place = `${file}:${text.slice(0, match.index).split('\n').length}`;
      return { file, place, found: match[1] ?? match[2] ?? match[0] };
    }),
  );
}
