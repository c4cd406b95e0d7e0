import type { HookOwner, HookSettings } from './hooks-port.ts';

const SYSTEM_EVENTS = ['push', 'tag_push', 'merge_requests', 'repository_update'];
/** What a project's hook may tell, beside its jobs. Older GitLabs ignore those they do not know. */
const PROJECT_EVENTS = [
  'push',
  'tag_push',
  'issues',
  'confidential_issues',
  'merge_requests',
  'note',
  'confidential_note',
  'pipeline',
  'wiki_page',
  'deployment',
  'feature_flag',
  'releases',
  'milestone',
  'emoji',
  'resource_access_token',
  'resource_deploy_token',
  'vulnerability',
];
const GROUP_EVENTS = [...PROJECT_EVENTS, 'subgroup', 'member'];

/**
 * What GitLab is told of a hook, by its API's names. Every event is named, since `push_events` is on unless told, and
 * a hook that is changed keeps what is not said. A system hook's events of projects and groups cannot be switched off.
 */
export function hookAttributes(owner: HookOwner, settings: HookSettings): Record<string, string | boolean> {
  return {
    url: settings.url,
    name: 'Sideband',
    description: settings.description,
    token: settings.token,
    signing_token: settings.signingToken,
    enable_ssl_verification: true,
    ...eventSwitches(owner),
  };
}

function eventSwitches({ kind }: HookOwner): Record<string, boolean> {
  switch (kind) {
    case 'project':
      return { ...allOff(PROJECT_EVENTS), job_events: true };
    case 'group':
      return { ...allOff(GROUP_EVENTS), job_events: true, project_events: true };
    case 'system':
      return allOff(SYSTEM_EVENTS);
  }
}

function allOff(events: readonly string[]): Record<string, boolean> {
  return Object.fromEntries(events.map((event) => [`${event}_events`, false]));
}
