// Makes sure that what a script needs is there, and installs what is not:
//   node infra/ensure/ensure.mjs [deps] [redis] [docker] [podman] [chromium] [--soft] [--start]
// One line a step. With --soft docker, podman and chromium may be missing where nothing can be installed (no root):
// the caller does without. With --start an engine of our own is not needed where GitLab is configured.
// Runs before `npm ci` does, so it may import nothing but what comes with Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { installCommand, isNewEnough, missingFor, rootPrefix } from './packages.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALLER = fileURLToPath(new URL('install-packages.sh', import.meta.url));
const LEAST_NODE = '20.19';

const STEPS = {
  deps: ensureDeps,
  redis: ensureRedis,
  docker: ensureDocker,
  podman: ensurePodman,
  chromium: ensureChromium,
};

main(process.argv.slice(2));

function main(args) {
  const soft = args.includes('--soft');
  const start = args.includes('--start');
  const spared = start && isSet('SIDEBAND_GITLAB_URL') ? ['docker'] : [];
  const names = args.filter((arg) => arg !== '--soft' && arg !== '--start' && !spared.includes(arg));
  const unknown = names.find((name) => !(name in STEPS));
  if (unknown !== undefined) {
    console.error(`${unknown} is no step; there are ${Object.keys(STEPS).join(', ')}, --soft and --start`);
    process.exit(2);
  }
  // Steps share it: package lists are fetched once, by the first that installs something.
  const context = { soft, start, lists: 'update' };
  for (const step of [ensureNode, ...names.map((name) => STEPS[name])]) {
    const { done, line, detail } = step(context);
    console.log(detail === undefined ? line : `${line}\n${detail}`);
    if (!done) process.exit(1);
  }
}

/** As infra/demo/settings-file.ts finds it; that one reads every setting, but only once npm ci has run. */
function isSet(name) {
  if (process.env[name] !== undefined) return true;
  const file = join(ROOT, 'sideband.env');
  return existsSync(file) && new RegExp(`^\\s*(?:export\\s+)?${name}=`, 'm').test(readFileSync(file, 'utf8'));
}

/** The setting by which a user names a Redis for `npm start`: for the product, or beside the in-memory engine. */
function namedRedis() {
  if (isSet('SIDEBAND_GITLAB_URL')) return isSet('SIDEBAND_REDIS') ? 'SIDEBAND_REDIS' : undefined;
  return process.env.REDIS_URL && process.getuid?.() !== 0 ? 'REDIS_URL' : undefined;
}

function ensureNode() {
  const { node } = process.versions;
  if (isNewEnough(node, LEAST_NODE)) return ok(`node ${node}`);
  return failed(
    'node',
    `this is Node ${node}; Sideband needs ${LEAST_NODE} or newer. \`nvm install\` here, or https://nodejs.org, has one`,
  );
}

function ensureDeps() {
  if (areDepsFresh()) return ok('deps');
  // Whatever NODE_ENV or a user's npmrc leave out: tsx is a development dependency, esbuild's program an optional one.
  const include = ['--include=dev', '--include=optional'];
  const args = ['ci', ...include, '--ignore-scripts', '--no-audit', '--no-fund'];
  // The npm that runs this script, if one does: the one on PATH may be another version, or missing.
  const npm = process.env.npm_execpath;
  const isNpm = npm !== undefined && /npm-cli\.c?js$/.test(npm) && existsSync(npm);
  announce('npm packages');
  const ran = isNpm ? run(process.execPath, [npm, ...args]) : run('npm', args);
  if (ran.ok && areDepsFresh()) return installed('deps', 'npm ci');
  return failed('deps', '`npm ci` did not succeed', ran.tail);
}

/** npm writes this file last of all, so half an installation counts as none. */
function areDepsFresh() {
  const made = statSync(join(ROOT, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  return made !== undefined && made.mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
}

function ensureRedis(context) {
  const named = context.start && namedRedis();
  return named ? ok(`redis: the one that ${named} names is used`) : ensureCommands('redis', context);
}

function ensureDocker(context) {
  return orWithout('an engine of its own', ensureCommands('docker', context), context);
}

function ensurePodman(context) {
  return orWithout('a Podman of its own', ensureCommands('podman', context), context);
}

function ensureChromium(context) {
  return orWithout('a browser', ensureCommands('chromium', context), context);
}

/** Only where nothing can be installed: an installation that was tried and failed is said as such. */
function orWithout(what, outcome, { soft }) {
  if (outcome.done || !soft || outcome.tried) return outcome;
  return { ...outcome, done: true, line: `${outcome.line}; going on without ${what}` };
}

function ensureCommands(step, context) {
  const { commands, packages } = missingFor(step, isThere);
  if (packages.length === 0) return ok(step);
  const prefix = rootPrefix({
    isRoot: process.getuid?.() === 0,
    hasApt: isThere('apt-get'),
    mayDoAnything: () => run('sudo', ['-n', 'true']).ok,
  });
  const what = `${commands.join(', ')} not found; install with: ${installCommand(packages)}`;
  if (prefix === undefined) return failed(step, what);
  announce(packages.join(' '));
  const [command, ...args] = [...prefix, 'sh', INSTALLER, context.lists, ...packages];
  const ran = run(command, args);
  context.lists = 'as-is';
  if (ran.ok && missingFor(step, isThere).packages.length === 0) return installed(step, packages.join(' '));
  return { ...failed(step, what, ran.tail), tried: true };
}

/** Debian keeps servers in sbin, which an ordinary user's PATH leaves out. */
function isThere(command) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
  ];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)));
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd().split('\n');
  return { ok: status === 0, tail: lines.slice(-15).join('\n') };
}

/** For a person who waits; gone when the step's line is printed over it. */
function announce(what) {
  if (process.stderr.isTTY) process.stderr.write(`installing ${what} …\r`);
}

function ok(line) {
  return { done: true, line: `ok ${line}` };
}

function installed(step, how) {
  return { done: true, line: `installed ${step}: ${how}` };
}

function failed(step, why, detail) {
  return { done: false, line: `missing ${step}: ${why}`, detail };
}
