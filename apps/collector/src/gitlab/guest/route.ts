/** The words of GitLab's addresses that Sideband uses. Anything else in an address is somebody's id or name. */
const WORDS: ReadonlySet<string> = new Set([
  ...['projects', 'groups', 'hooks', 'events', 'jobs', 'trace', 'runners', 'all', 'managers'],
  ...[
    'ci',
    'lint',
    'personal_access_tokens',
    'self',
    'version',
    'metadata',
    'user',
    'application',
    'settings',
  ],
]);
/** `projects/:id/hooks/:id/events` is the longest; more would be a way to make ever new routes. */
const LONGEST = 6;

/** `GET projects/:id/jobs/:id/trace` for `projects/7/jobs/42/trace`: safe as a label of a metric. */
export function routeOf(method: string, path: string): string {
  const segments = path.split('/').slice(0, LONGEST);
  return `${method} ${segments.map((segment) => (WORDS.has(segment) ? segment : ':id')).join('/')}`;
}
