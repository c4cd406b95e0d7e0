import { type ProjectId, parseProjectId } from '@sideband/shared/names';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import type { Hook } from './hook.ts';
import type { HookSource } from './hook-secret.ts';
import { readJobHook } from './read-job-hook.ts';
import { readId, readJsonObject } from './read-json.ts';
import { pipelineProject, readPipeline } from './read-pipeline.ts';
import { readSystemHook } from './read-system-hook.ts';

/**
 * A pipeline of 2,000 jobs has some 2 MB. Whoever knows a project's secret may send any body: 25 MB of brackets take
 * seconds to parse, in which nobody else is answered.
 */
const PROJECT_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Reads the body of an authenticated hook, as far as its source may speak of it: a project of its own jobs, a group
 * also of its projects, the instance's system hook of projects only, the file hook of everything. Fields that are not
 * used are not looked at, so a field more or a template of the operator's own is no fault. Refuses what GitLab cannot
 * have meant, saying what and where.
 */
export function readHook(body: Buffer, source: HookSource): Result<Hook, Refusal> {
  if (source.kind === 'project' && body.byteLength > PROJECT_BODY_BYTES) {
    const message = `the body has ${body.byteLength} bytes; of a project's hook at most ${PROJECT_BODY_BYTES} are read`;
    return refuse({ reason: 'too-large', message });
  }
  const json = readJsonObject(body);
  if (!json.ok) return json;
  const { object_kind: kind, event_name: eventName } = json.value;
  if (source.kind !== 'system' && (kind === 'build' || kind === 'pipeline')) {
    return kind === 'build'
      ? readOfProject('project_id', json.value['project_id'], source, (it) => readJobHook(it, json.value))
      : readOfProject('project.id', pipelineProject(json.value), source, (it) =>
          readPipeline(it, json.value),
        );
  }
  if (source.kind !== 'project' && typeof eventName === 'string')
    return readSystemHook(eventName, json.value);
  return ok({ kind: 'other-event' });
}

/** Goes on only for a project that the source may speak of. */
function readOfProject(
  field: string,
  id: unknown,
  source: HookSource,
  read: (project: ProjectId) => Result<Hook, Refusal>,
): Result<Hook, Refusal> {
  const project = readId(field, id, parseProjectId);
  if (!project.ok) return project;
  const isForeign = source.kind === 'project' && project.value !== source.project;
  return isForeign ? ok({ kind: 'wrong-project', project: project.value }) : read(project.value);
}
