import { parseProjectId } from '@sideband/shared/names';
import { ok, type Refusal, type Result } from '@sideband/shared/result';
import type { Hook } from './hook.ts';
import type { OnboardEvent } from './job-event.ts';
import { type JsonObject, readId } from './read-json.ts';

/** Nothing here is kept by a path or a name, so a project that is renamed or moved is the same project. */
const LIFECYCLE = ['project_', 'group_', 'subgroup_', 'user_'];

/** Reads a system hook (`event_name: …`), as the instance, a group or a file hook sends it. */
export function readSystemHook(eventName: string, body: JsonObject): Result<Hook, Refusal> {
  switch (eventName) {
    case 'project_create':
      return readProject('project-created', body);
    case 'project_destroy':
      return readProject('project-destroyed', body);
  }
  const isLifecycle = LIFECYCLE.some((beginning) => eventName.startsWith(beginning));
  return ok({ kind: isLifecycle ? 'not-needed' : 'other-event' });
}

function readProject(name: OnboardEvent['name'], body: JsonObject): Result<Hook, Refusal> {
  const project = readId('project_id', body['project_id'], parseProjectId);
  return project.ok ? ok({ kind: 'project', name, project: project.value }) : project;
}
