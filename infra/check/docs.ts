import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorCatalogue } from '@sideband/shared/errors';
import { checkErrors, checkLinks, checkScripts, checkSettings, type Pages } from './doc-checks.ts';
import { readTree } from './read-tree.ts';

/* `npm run check:docs`: what the documents say of errors, scripts, settings and files is so. */
const ROOT_PAGES = ['README.md', 'ARCHITECTURE.md'];
const ERRORS_PAGE = 'docs/errors.md';

const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
const pages: Pages = new Map([...(await readRootPages()), ...(await readTree('.', ['docs'], /\.md$/))]);
const programs = await readTree('.', ['apps', 'libs'], /^(?:config[\w-]*|setting-names)\.ts$/);
const problems = [
  ...[...ROOT_PAGES, ERRORS_PAGE].filter((page) => !pages.has(page)).map((page) => `${page} is missing`),
  ...checkErrors(ERRORS_PAGE, pages.get(ERRORS_PAGE) ?? '', errorCatalogue),
  ...checkScripts(pages, scripts),
  ...checkLinks(pages, existsSync),
  ...checkSettings(pages, programs),
];
for (const problem of problems) console.error(problem);
console.log(`${pages.size} pages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function readRootPages(): Promise<readonly (readonly [string, string])[]> {
  const present = ROOT_PAGES.filter((page) => existsSync(page));
  return Promise.all(present.map(async (page) => [page, await readFile(page, 'utf8')] as const));
}
