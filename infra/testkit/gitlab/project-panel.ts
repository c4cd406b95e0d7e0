import type { ProjectRecord } from './namespaces.ts';
import type { ProjectPanel } from './panel.ts';
import type { PanelParts } from './panel-parts.ts';
import { lastPart, parentOf } from './project-entity.ts';
import { groupCreatedEvent, type ProjectEvent, projectEvent } from './system-event.ts';

export function projectPanel(parts: PanelParts): ProjectPanel {
  const { records, hooks, configurations, broadcast, presenter } = parts;
  const { namespaces } = records;
  const tell = (event: ProjectEvent, project: ProjectRecord, pathBefore?: string): void => {
    // The hooks of groups hear of a project's coming and going only, since 17.6.
    const isForGroups = pathBefore === undefined && presenter().features.has('groupProjectEvents');
    broadcast.ofProject(project, projectEvent(event, project, presenter(), pathBefore), isForGroups);
  };
  const move = (event: ProjectEvent, id: number, path: string): void => {
    const pathBefore = namespaces.move(id, path);
    tell(event, namespaces.project(id), pathBefore);
  };

  return {
    createGroup: (group) => {
      const created = namespaces.addGroup(group);
      broadcast.ofSystem(groupCreatedEvent(created, presenter()));
      return created.id;
    },
    createProject: (project) => {
      const created = namespaces.addProject(project);
      tell('project_create', created);
      return created.id;
    },
    renameProject: (id, name) => {
      const parent = parentOf(namespaces.project(id).path);
      move('project_rename', id, parent === '' ? name : `${parent}/${name}`);
    },
    transferProject: (id, namespace) =>
      move('project_transfer', id, `${namespace}/${lastPart(namespaces.project(id).path)}`),
    destroyProject: (id) => {
      const project = records.destroy(id);
      hooks.removeOf({ kind: 'project', project: id });
      tell('project_destroy', project);
    },
    setConfiguration: (id, configuration) => {
      configurations.set(namespaces.project(id).id, configuration);
    },
  };
}
