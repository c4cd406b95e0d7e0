import type { GroupRecord, ProjectRecord } from './namespaces.ts';
import type { Entity, Presenter } from './presenter.ts';
import { iso } from './times.ts';

/** `API::Entities::ProjectIdentity`. */
export function projectIdentity(project: ProjectRecord): Entity {
  const name = lastPart(project.path);
  return {
    id: project.id,
    description: null,
    name,
    name_with_namespace: project.path.split('/').join(' / '),
    path: name,
    path_with_namespace: project.path,
    created_at: iso(project.createdAt),
  };
}

/** `API::Entities::BasicProjectDetails`: what `simple=true` answers. */
export function simpleProjectEntity(project: ProjectRecord, presenter: Presenter): Entity {
  const { baseUrl } = presenter;
  const url = `${baseUrl}/${project.path}`;
  return {
    ...projectIdentity(project),
    default_branch: 'main',
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@${new URL(baseUrl).hostname}:${project.path}.git`,
    http_url_to_repo: `${url}.git`,
    web_url: url,
    readme_url: `${url}/-/blob/main/README.md`,
    forks_count: 0,
    avatar_url: null,
    star_count: 0,
    last_activity_at: iso(project.createdAt),
    namespace: namespace(project, presenter),
  };
}

/** `API::Entities::Project`, shortened to what has to do with jobs. `accessLevel` is the token's own as a member. */
export function projectEntity(project: ProjectRecord, presenter: Presenter, accessLevel: number): Entity {
  const membership = { access_level: accessLevel, notification_level: 3 };
  return {
    ...simpleProjectEntity(project, presenter),
    archived: false,
    visibility: 'private',
    jobs_enabled: true,
    builds_access_level: 'enabled',
    public_jobs: false,
    shared_runners_enabled: true,
    ci_config_path: '',
    build_timeout: 3_600,
    permissions: { project_access: accessLevel === 0 ? null : membership, group_access: null },
  };
}

/** `API::Entities::Group`, shortened. */
export function groupEntity(group: GroupRecord, { baseUrl, namespaces }: Presenter): Entity {
  const name = lastPart(group.path);
  return {
    id: group.id,
    web_url: `${baseUrl}/groups/${group.path}`,
    name,
    path: name,
    description: '',
    visibility: 'private',
    full_name: group.path.split('/').join(' / '),
    full_path: group.path,
    parent_id: namespaces.groupAt(parentOf(group.path))?.id ?? null,
    created_at: iso(group.createdAt),
  };
}

export function lastPart(path: string): string {
  return path.split('/').at(-1) ?? '';
}

export function parentOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}

/** A namespace that nobody created as a group has the id 1. */
function namespace(project: ProjectRecord, { baseUrl, namespaces }: Presenter): Entity {
  const path = parentOf(project.path);
  return {
    id: namespaces.groupAt(path)?.id ?? 1,
    name: path,
    path,
    kind: 'group',
    full_path: path,
    parent_id: null,
    avatar_url: null,
    web_url: `${baseUrl}/groups/${path}`,
  };
}
