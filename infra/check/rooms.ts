import { findViolations } from './find-violations.ts';
import { readTree } from './read-tree.ts';

/* `npm run check:rooms`: who may import whom, in every TypeScript file. */
const files = await readTree(process.cwd(), ['apps', 'libs', 'infra', 'bench'], /\.tsx?$/);
const violations = findViolations(files);
for (const violation of violations) console.error(violation);
console.log(`${files.size} files, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
