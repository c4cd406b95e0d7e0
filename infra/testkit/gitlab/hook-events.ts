import type { Features } from './features.ts';
import type { HookOwner } from './hook-record.ts';

const EVERYWHERE = ['push_events', 'tag_push_events', 'merge_requests_events', 'repository_update_events'];
const OF_PROJECTS = [
  ...EVERYWHERE,
  'issues_events',
  'confidential_issues_events',
  'note_events',
  'confidential_note_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'job_events',
  'releases_events',
  'milestone_events',
  'emoji_events',
  'resource_access_token_events',
];
const OF_GROUPS = [...OF_PROJECTS, 'subgroup_events', 'member_events'];

/** The switches a hook of this kind has, by the API's names. */
export function eventNames(kind: HookOwner['kind'], features: Features): readonly string[] {
  if (kind === 'system') return EVERYWHERE;
  if (kind === 'project') return OF_PROJECTS;
  return features.has('groupProjectEvents') ? [...OF_GROUPS, 'project_events'] : OF_GROUPS;
}

/** Which of them are on unless told. */
export function defaultEvents(
  kind: HookOwner['kind'],
  features: Features,
): Readonly<Record<string, boolean>> {
  const on = kind === 'system' ? 'repository_update_events' : 'push_events';
  return Object.fromEntries(eventNames(kind, features).map((name) => [name, name === on]));
}
