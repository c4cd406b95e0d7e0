import { bytes, duration } from './format.js';

/** The one sentence that matters about a host, from its status and the summary of its report. */
export function headline(summary, now) {
  const { status, report } = summary;
  switch (status.code) {
    case 'silent':
      return `Nothing was heard of the reaper for ${duration(now - status.since)}. Look whether it runs and reaches Redis.`;
    case 'emergency':
      return `Emergency: ${free(report)}.`;
    case 'low':
      return `The disk is low: ${free(report)}. ${outlook(summary)}`;
    case 'over-budget':
      return `The images take ${bytes(report.imageBytes)} of a budget of ${bytes(report.budgetBytes)}. ${outlook(summary)}`;
    case 'no-report':
      return 'The reaper is there; its first report is on its way.';
    case 'report-old':
      return `The reaper lives, but has finished no cycle for ${duration(now - status.since)}. Look at its log and the engine.`;
    case 'stale':
      return `${age(status.since, now)} Look whether the collector runs and reaches GitLab.`;
    case 'observing':
      return 'Room enough. Observing only: nothing is deleted on this host.';
    case 'healthy':
      return 'All well.';
    default:
      return String(status.code);
  }
}

function age(since, now) {
  if (since === null) return 'GitLab was not asked for long.';
  return `GitLab was last asked for everything ${duration(now - since)} ago.`;
}

function free({ filesystems }) {
  const worst = filesystems.reduce((a, b) =>
    b.freeBytes - b.startBytes < a.freeBytes - a.startBytes ? b : a,
  );
  return `${bytes(worst.freeBytes)} free on ${worst.path}, reaping starts below ${bytes(worst.startBytes)}`;
}

function outlook({ mode, report }) {
  const images = report.evictable === 1 ? '1 image' : `${report.evictable} images`;
  if (mode === 'observe') return `Observing only: ${images} would go.`;
  return report.evictable === 0 ? 'No image may go: see the reasons below.' : `${images} will go.`;
}
