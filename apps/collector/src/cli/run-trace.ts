import { createReadStream } from 'node:fs';
import { SidebandError } from '@sideband/shared/errors';
import { type JobId, parseJobId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import type { GitLabConfig } from '../config-gitlab.ts';
import { readTraceHead } from '../resolve/trace-head.ts';
import { describeTrace, renderTrace } from './describe-trace.ts';
import { printJson } from './print-json.ts';
import type { ExitCode, Program } from './program.ts';
import { readCliSettings } from './settings.ts';

/** `sideband-collector trace`: what is read from the head of a job's log. */
export async function runTrace(
  program: Program,
  source: string,
  { json }: { readonly json: boolean },
): Promise<ExitCode> {
  const head = /^https?:\/\//.test(source)
    ? await readJob(program, source)
    : await readTraceHead(source === '-' ? program.input() : createReadStream(source));
  if (json) printJson(program, describeTrace(head));
  else program.print(renderTrace(head));
  return 0;
}

/** Of the address only the path is used: what is asked is always a GitLab of the settings. */
async function readJob(program: Program, address: string): ReturnType<typeof readTraceHead> {
  const { gitLabs } = readCliSettings(program.sources);
  for (const gitLab of gitLabs) {
    const found = jobOf(gitLab, address);
    if (found === undefined) continue;
    const { gitlab, admin, close } = program.connect(gitLab);
    try {
      const project = await admin.projectId(found.path);
      return await readTraceHead(gitlab.trace(project, found.job));
    } finally {
      await close();
    }
  }
  const known = gitLabs.map(({ url }) => url).join(', ');
  const problem = `${quote(address)} is no job of ${known}, expected ${gitLabs[0]?.url ?? ''}/GROUP/PROJECT/-/jobs/ID`;
  throw new SidebandError('CONFIG_INVALID', { problems: [{ setting: 'JOB_URL', problem }] });
}

function jobOf(
  { url }: GitLabConfig,
  address: string,
): { readonly path: string; readonly job: JobId } | undefined {
  if (!URL.canParse(address)) return undefined;
  const base = new URL(url);
  const { origin, pathname } = new URL(address);
  const prefix = base.pathname.replace(/\/+$/, '');
  if (origin !== base.origin || !pathname.startsWith(`${prefix}/`)) return undefined;
  const [, path = '', id] =
    /^\/(.+)\/-\/jobs\/(\d{1,15})(?:\/raw)?\/?$/.exec(pathname.slice(prefix.length)) ?? [];
  const job = parseJobId(Number(id));
  const plain = decoded(path);
  return job.ok && plain !== undefined ? { path: plain, job: job.value } : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    // A % that begins no character: no address that GitLab makes.
    return undefined;
  }
}
