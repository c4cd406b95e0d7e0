/**
 * Merged YAML, null where GitLab finds it invalid: for every commit, or by commit SHA. There, `main` is what is read
 * where no commit is asked for.
 */
export type Configuration = string | null | Readonly<Record<string, string | null>>;

/** What `API::Entities::Ci::Lint::Result` says of it. */
export interface LintResult {
  readonly valid: boolean;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly merged_yaml: string | null;
  readonly includes: readonly [];
}

/** The CI configurations of the projects. */
export class Configurations {
  readonly #byProject = new Map<number, Configuration>();

  set(project: number, configuration: Configuration): void {
    this.#byProject.set(project, configuration);
  }

  /** As it was at this commit; undefined where the project knows no such commit. */
  lint(project: number, commit: string): LintResult | undefined {
    const configuration = this.#byProject.get(project);
    if (configuration === undefined) return invalid('Please provide content of .gitlab-ci.yml');
    const yaml =
      configuration === null || typeof configuration === 'string' ? configuration : configuration[commit];
    if (yaml === undefined) return undefined;
    if (yaml === null) return invalid('jobs config should contain at least one visible job');
    return { valid: true, errors: [], warnings: [], merged_yaml: yaml, includes: [] };
  }
}

function invalid(error: string): LintResult {
  return { valid: false, errors: [error], warnings: [], merged_yaml: null, includes: [] };
}
