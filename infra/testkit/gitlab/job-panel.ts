import { jobUrl } from './job-entity.ts';
import { jobHookPayload } from './job-hook.ts';
import type { JobPanel } from './panel.ts';
import type { PanelParts } from './panel-parts.ts';
import { pipelineHookPayload } from './pipeline-hook.ts';
import type { JobRecord, NewJob } from './records.ts';

export function jobPanel(parts: PanelParts): JobPanel {
  const { records, broadcast, presenter } = parts;
  const tell = (job: JobRecord): void => broadcast.ofJob(job.project, jobHookPayload(job, presenter()));
  const create = (job: NewJob): JobRecord => {
    const record = records.addJob(job);
    tell(record);
    // No hook tells that a job began to wait for a person.
    if (record.isManual) records.awaitPerson(record);
    return record;
  };

  return {
    createJob: (job) => create(job).id,
    createPipeline: ({ project, ref, jobs }) => {
      const pipeline = records.newPipeline();
      const common = { project, pipeline, ...(ref === undefined ? {} : { ref }) };
      const created = jobs.map((job) => create({ ...job, ...common }));
      const { namespaces } = records;
      broadcast.ofPipeline(namespaces.project(project), pipelineHookPayload(created, presenter()));
      return { pipeline, jobs: created.map(({ id }) => id) };
    },
    pending: (job) => tell(records.enqueue(job)),
    running: (job, pickUp) => tell(records.start(job, pickUp)),
    writeTrace: (job, text) => records.appendTrace(job, text),
    finish: (job, status, { finishedAt } = {}) => tell(records.finish(job, status, finishedAt)),
    erase: (job) => records.erase(job),
    jobRequest: (id) => {
      const job = records.job(id);
      const { name, ref, sha, pipelineId, project } = job;
      const url = jobUrl(job, presenter().baseUrl);
      return { id, name, ref, sha, url, project: project.id, pipeline: pipelineId };
    },
    createRunner: (runner) => records.runners.add(runner).id,
    contact: (manager) => void records.runners.contact(manager),
    knowsRunner: (runner) => records.runners.find(runner) !== undefined,
  };
}
