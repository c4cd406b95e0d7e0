import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { checkAddresses, checkEngines } from './lock-checks.ts';

/* `npm run check:lock`: the lock can be installed anywhere, and runs on the Node we promise. */
const NODES = ['20.19.0', '20.20.2'];

const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
const problems = [...checkAddresses(lock), ...checkEngines(lock, NODES), ...tryInstall()];
for (const problem of problems) console.error(problem);
console.log(`${Object.keys(lock.packages).length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Only `npm ci` itself knows whether it takes the lock: it refuses when a platform's package is left out of it. */
function tryInstall(): readonly string[] {
  const npm = process.env['npm_execpath'];
  const command = npm === undefined ? ['npm'] : [process.execPath, npm];
  const [program = '', ...rest] = [
    ...command,
    'ci',
    '--dry-run',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  const { status, stderr, error } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status === 0) return [];
  // The reason comes first, then 80 lines of usage.
  const reasons = stderr?.match(/^npm error (?:code|Missing:|Invalid:) .*$/gm) ?? [error?.message ?? stderr];
  return reasons.map((reason) => `npm ci refuses the lock: ${reason}`);
}
