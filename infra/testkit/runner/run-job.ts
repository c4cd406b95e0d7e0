import type { Millis } from '@sideband/shared/clock';
import type { EndStatus } from '../gitlab/records.ts';
import { acquireImage } from './acquire-image.ts';
import { containerHostname, containerLabels, containerName } from './container.ts';
import { ImageMissing, type LocalImage } from './engine.ts';
import { JobFailed } from './job-failed.ts';
import type { JobContext, JobRun, RunningJob } from './job-run.ts';
import { splitServiceName, spokenServiceName } from './service-name.ts';
import { openTrace, type Section } from './trace.ts';

const END_REASONS = { failed: 'Job failed: exit code 1', canceled: 'Job failed: canceled' } as const;

/** A job at work, whose containers are added as they are made. */
interface Work extends RunningJob {
  readonly containers: string[];
}

/**
 * Takes a pending job and carries it to the point where its build container exists. Undefined if it failed on the
 * way, which GitLab and the trace then say. What the engine throws besides `PullFailed` and `ImageMissing` is thrown.
 */
export async function startJob(run: JobRun): Promise<RunningJob | undefined> {
  const { gitlab, runner } = run;
  const { systemId, runnerId, version } = runner;
  gitlab.running(run.job, { systemId, runnerId, version });
  const work: Work = { run, context: openContext(run), containers: [] };
  const { say, trace, report } = work.context;
  say(trace.head(runner));
  try {
    await prepareExecutor(work);
    await prepareSources(work);
    await startScript(work);
    return work;
  } catch (error) {
    if (!(error instanceof JobFailed)) throw error;
    report({ kind: 'job-failed', reason: error.message });
    say(trace.failed(error.message));
    await removeContainers(work);
    gitlab.finish(run.job, 'failed');
    return undefined;
  }
}

/** Ends the job: the tail of its trace, its containers, then GitLab. */
export async function finishJob(
  running: RunningJob,
  status: EndStatus,
  options: { readonly finishedAt?: Millis } = {},
): Promise<void> {
  const { run, context } = running;
  const { say, trace } = context;
  say(trace.sectionEnd('step_script'));
  say(trace.sectionStart('cleanup_file_variables') + trace.sectionEnd('cleanup_file_variables'));
  say(status === 'success' ? trace.succeeded() : trace.failed(END_REASONS[status]));
  await removeContainers(running);
  run.gitlab.finish(run.job, status, options);
}

function openContext(run: JobRun): JobContext {
  const { gitlab, engine, job } = run;
  return {
    request: gitlab.jobRequest(job),
    engine,
    trace: openTrace(run.format ?? 'timestamped', run.clock),
    policies: run.policies ?? ['if-not-present'],
    used: new Map(),
    say: (text) => gitlab.writeTrace(job, text),
    report: (event) => run.onEvent?.(event),
    onPullFailed: async (failure) => run.onPullFailed?.(failure),
  };
}

/** Services with their containers, then the helper and the job's image, which are only fetched. */
async function prepareExecutor(work: Work): Promise<void> {
  const { run, context } = work;
  const { say, trace } = context;
  await inSection(work, 'prepare_executor', async () => {
    say(trace.executorImage(run.image));
    const services = (run.services ?? []).map(splitServiceName);
    for (const [index, service] of services.entries()) {
      say(trace.startingService(spokenServiceName(service)));
      const image = await acquireImage(service.image, context);
      const suffix = `${service.service.replaceAll('/', '__')}-${index}`;
      const labels = { type: 'service', service: service.service, 'service.version': service.version };
      await makeContainer(work, service.image, image, suffix, labels);
    }
    if (services.length > 0) say(trace.waitingForServices());
    await fetchHelper(work);
    await acquireImage(run.image, context);
  });
}

/** Without a word in the trace if it is there already. */
async function fetchHelper({ run, context }: Work): Promise<LocalImage | undefined> {
  if (run.helper === undefined) return undefined;
  const found = await run.engine.find(run.helper);
  if (found !== undefined) return found;
  context.say(context.trace.helperImage(run.helper));
  return acquireImage(run.helper, context);
}

/** The preparation gap: no container needs the job's image, and the engine would let it go. */
async function prepareSources(work: Work): Promise<void> {
  const { run, context } = work;
  const { say, trace, request } = context;
  await inSection(work, 'prepare_script', async () => {
    const helper = await fetchHelper(work);
    if (run.helper !== undefined && helper !== undefined) {
      say(trace.effectivePullPolicy(context.policies, helper.id));
      await makeContainer(work, run.helper, helper, 'predefined', { type: 'predefined' });
    }
    say(trace.runningOn(containerHostname(request, run.runner), run.runner.hostname));
  });
  await inSection(work, 'get_sources', async () => {
    say(trace.progress('Fetching changes with git depth set to 20...'));
    await run.inPreparationGap?.();
    say(
      trace.progress(`Checking out ${request.sha.slice(0, 8)} as detached HEAD (ref is ${request.ref})...`),
    );
  });
}

/** Its section stays open until the job ends. */
async function startScript(work: Work): Promise<void> {
  const { run, context } = work;
  const { say, trace } = context;
  say(trace.sectionStart('step_script'));
  try {
    const image = await acquireImage(run.image, context);
    await makeContainer(work, run.image, image, 'build', { type: 'build' });
  } catch (error) {
    say(trace.sectionEnd('step_script'));
    throw error;
  }
  say(trace.command('make'));
  for (const line of run.output ?? []) say(trace.output(line));
}

async function inSection({ context }: Work, section: Section, body: () => Promise<void>): Promise<void> {
  const { say, trace } = context;
  say(trace.sectionStart(section));
  try {
    await body();
  } finally {
    say(trace.sectionEnd(section));
  }
}

async function makeContainer(
  work: Work,
  asked: string,
  { id, digest }: LocalImage,
  suffix: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const { run, context } = work;
  const { request, engine } = context;
  try {
    const container = await engine.create({
      imageId: id,
      ...(digest !== undefined && createsByDigest(run.runner.version) ? { reference: digest } : {}),
      name: containerName(request, run.runner, suffix),
      labels: containerLabels(request, run.runner, labels),
    });
    work.containers.push(container);
    if (run.start === true) await engine.start(container);
  } catch (error) {
    if (!(error instanceof ImageMissing)) throw error;
    context.report({ kind: 'create-failed-image-missing', image: asked, id });
    const reason = `Job failed (system failure): Error response from daemon: ${error.message}`;
    throw new JobFailed(reason, { cause: error });
  }
}

/** `imageReferenceForCreate` came with 19.2.0; before, containers were created from the image's id. */
function createsByDigest(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 19 || (major === 19 && minor >= 2);
}

async function removeContainers({ run, containers }: RunningJob): Promise<void> {
  for (const container of containers) await run.engine.remove(container);
}
