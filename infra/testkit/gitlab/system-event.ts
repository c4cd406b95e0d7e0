import type { GroupRecord, ProjectRecord } from './namespaces.ts';
import type { Entity, Presenter } from './presenter.ts';
import { lastPart, parentOf } from './project-entity.ts';
import { isoSeconds } from './times.ts';

export type ProjectEvent = 'project_create' | 'project_rename' | 'project_transfer' | 'project_destroy';

/** What `Gitlab::HookData::ProjectBuilder` makes of it; `pathBefore` is of a rename or a transfer. */
export function projectEvent(
  event: ProjectEvent,
  project: ProjectRecord,
  presenter: Presenter,
  pathBefore?: string,
): Entity {
  return {
    event_name: event,
    created_at: isoSeconds(project.createdAt),
    updated_at: isoSeconds(presenter.now),
    name: lastPart(project.path),
    path: lastPart(project.path),
    path_with_namespace: project.path,
    project_id: project.id,
    project_namespace_id: presenter.namespaces.groupAt(parentOf(project.path))?.id ?? 1,
    owners: [{ name: 'Administrator', email: '[REDACTED]' }],
    owner_name: 'Administrator',
    owner_email: '[REDACTED]',
    project_visibility: 'private',
    ...(pathBefore === undefined ? {} : { old_path_with_namespace: pathBefore }),
  };
}

/** What `Gitlab::HookData::GroupBuilder` makes of it. */
export function groupCreatedEvent(group: GroupRecord, presenter: Presenter): Entity {
  return {
    event_name: 'group_create',
    created_at: isoSeconds(group.createdAt),
    updated_at: isoSeconds(presenter.now),
    name: lastPart(group.path),
    path: lastPart(group.path),
    full_path: group.path,
    group_id: group.id,
  };
}
