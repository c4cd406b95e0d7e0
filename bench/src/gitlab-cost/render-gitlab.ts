import type { GitLabCost } from './measure-gitlab.ts';
import type { Polls } from './measure-poll.ts';
import type { Steady } from './measure-steady.ts';
import { LOOK_EVERY_MS } from './sightings.ts';
import type { Tally } from './tally.ts';

/** For a person. */
export function renderGitLab({ machine, unknown, steady, polls }: GitLabCost): string {
  return [
    'Jobs with traces of 1 MB on four hosts, every hook arriving at once:',
    '',
    row(['', 'jobs', 'requests/job', 'trace bytes/job', 'read of 1 MB', 'start → lease ms', 'end → use ms']),
    row(['', '', '', 'sent, read', '', 'median, p99', 'median, p99']),
    renderSteady('names that never ran', unknown),
    ...steady.map((each) => renderSteady(each.honoursRange ? 'Range honoured' : 'Range ignored', each)),
    '',
    ...[unknown, ...steady].flatMap(({ asked }) => [renderTally(asked)]),
    '',
    `  Times are from the change of the job's status in GitLab; the evidence was looked at every ${LOOK_EVERY_MS} ms.`,
    '  Trace bytes: what GitLab handed to the connection, and what the collector took from it before it hung up.',
    '',
    ...renderPolls(polls),
    '',
    `${machine.cpus} × ${machine.cpuModel}, ${machine.platform}, Node ${machine.node}`,
  ].join('\n');
}

function renderSteady(name: string, steady: Steady): string {
  const { jobs, requestsPerJob, traceBytesPerJob, traceShare, startToLeaseMs, endToUseMs } = steady;
  const times = [startToLeaseMs, endToUseMs].map(
    ({ median, p99 }) => `${median.toFixed(0)}, ${p99.toFixed(0)}`,
  );
  const bytes = `${traceBytesPerJob.sent.toFixed(0)}, ${traceBytesPerJob.read.toFixed(0)}`;
  return row([
    ...[name, String(jobs), requestsPerJob.toFixed(3), bytes],
    ...[`${(traceShare * 100).toFixed(2)} %`, ...times],
  ]);
}

function renderPolls({ jobs, manual, first, second, third }: Polls): readonly string[] {
  const lines = Object.entries({
    'first, with the past': first,
    'nothing has changed': second,
    '10 more have ended': third,
  }).flatMap(([name, poll]) => [
    `  ${name}: ${poll.project.requests} requests of the project, ${poll.others.requests} others`,
    `  ${renderTally(poll.project)}`,
    `  ${renderTally(poll.others)}`,
  ]);
  return [`Polls of a project with ${jobs} jobs, ${manual} of them manual, without a hook:`, '', ...lines];
}

function renderTally({ byRoute }: Tally): string {
  const routes = Object.entries(byRoute).map(([route, count]) => `${count} × ${route}`);
  return `  ${routes.length === 0 ? 'nothing' : routes.join('; ')}`;
}

function row([name = '', ...figures]: readonly string[]): string {
  const widths = [6, 14, 17, 14, 18, 16];
  return `  ${name.padEnd(22)}${figures.map((figure, index) => figure.padStart(widths[index] ?? 14)).join('')}`;
}
