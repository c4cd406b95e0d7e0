/** What is said of one GitLab; a file with several says it in their stead. */
export const GITLAB_SETTINGS: readonly string[] = [
  'SIDEBAND_GITLAB_URL',
  'SIDEBAND_GITLAB_NAME',
  'SIDEBAND_GITLAB_TOKEN',
  'SIDEBAND_GITLAB_TOKEN_FILE',
  'SIDEBAND_GITLAB_CA_FILE',
  'SIDEBAND_GITLAB_PROXY',
  'SIDEBAND_GITLAB_PROXY_FILE',
  'SIDEBAND_GITLAB_REQUESTS_PER_MINUTE',
  'SIDEBAND_HOOK_REQUIRE',
  'SIDEBAND_HOOK_ALLOW',
];

export const COLLECTOR_SETTINGS = [
  ...GITLAB_SETTINGS,
  'SIDEBAND_REDIS',
  'SIDEBAND_LISTEN',
  'SIDEBAND_GITLABS',
  'SIDEBAND_PUBLIC_URL',
  'SIDEBAND_PROXY_DEPTH',
  'SIDEBAND_HOOK_SECRET',
  'SIDEBAND_HOOK_SECRET_FILE',
  'SIDEBAND_PASSWORD',
  'SIDEBAND_PASSWORD_FILE',
  'SIDEBAND_RECONCILE_EVERY',
  'SIDEBAND_LOOK_BACK',
  'SIDEBAND_BACK_FILL',
  'SIDEBAND_METRICS',
  'SIDEBAND_LOG_LEVEL',
];

export const REAPER_SETTINGS = [
  'SIDEBAND_REDIS',
  'SIDEBAND_HOST',
  'SIDEBAND_ENGINE',
  'SIDEBAND_STATE_DIR',
  'SIDEBAND_POLICY',
  'SIDEBAND_SYSTEM_ID_FILE',
  'SIDEBAND_SYSTEM_IDS',
  'SIDEBAND_INSTANCE',
  'SIDEBAND_IMAGE_ROOTS',
  'SIDEBAND_LOOK_EVERY',
  'SIDEBAND_CHECK_EVERY',
  'SIDEBAND_STALE_AFTER',
  'SIDEBAND_RUNNER_LIST',
  'SIDEBAND_METRICS',
  'SIDEBAND_LOG_LEVEL',
];

/** A name with half of its letters wrong is another name. */
const LIKENESS = 1 / 2;

/**
 * What is wrong with names of the environment that begin like ours and are none of ours: mistyped, a setting would
 * stay at its default, silently. `own` are the program's; those of the other one are of no use to it, but no mistake
 * either where both share one environment.
 */
export function unknownSettings(
  own: readonly string[],
  names: readonly string[],
): readonly { readonly setting: string; readonly problem: string }[] {
  const known = new Set([...COLLECTOR_SETTINGS, ...REAPER_SETTINGS]);
  return names
    .filter((name) => name.toUpperCase().startsWith('SIDEBAND_') && !known.has(name))
    .map((name) => ({ setting: name, problem: describe(nearestSetting(own, name)) }));
}

function describe(nearest: string | undefined): string {
  return nearest === undefined ? 'is no setting' : `is no setting: is ${nearest} meant?`;
}

function nearestSetting(own: readonly string[], name: string): string | undefined {
  let nearest: string | undefined;
  let fewest = (name.length - 'SIDEBAND_'.length) * LIKENESS;
  for (const known of own) {
    const edits = editDistance(name.toUpperCase(), known);
    if (edits > fewest) continue;
    nearest = known;
    fewest = edits;
  }
  return nearest;
}

/** Levenshtein: how many letters have to be put in, taken out or replaced. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
