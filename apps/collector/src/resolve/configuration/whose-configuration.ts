import { quote } from '@sideband/shared/quote';

// As `ci_sources` of GitLab's app/models/concerns/enums/ci/pipeline.rb; `external` ones have no jobs of a runner.
const OF_THE_PROJECT: ReadonlySet<string> = new Set([
  ...['push', 'web', 'trigger', 'schedule', 'api', 'pipeline', 'chat'],
  ...['merge_request_event', 'external_pull_request_event'],
]);

/**
 * Why the configuration of a pipeline's commit is not the pipeline's own, by what GitLab says it came from: a child
 * pipeline has another file, what scans and policies start has none. Undefined where it is, or where GitLab does not say.
 */
export function whyForeign(source: string | undefined): string | undefined {
  if (source === undefined || OF_THE_PROJECT.has(source)) return undefined;
  if (source === 'parent_pipeline') return 'the configuration of a child pipeline is its own';
  return `the configuration of a pipeline that comes from ${quote(source)} is its own`;
}
