export interface RunnerTemplateOptions {
  readonly socketPath: string;
  /** Of jobs that name none. */
  readonly image: string;
  readonly helper: string;
  /** Stays on the host between the jobs. */
  readonly buildsDirectory: string;
  /** `/host/path:/container/path:ro` */
  readonly volumes: readonly string[];
}

/**
 * For `gitlab-runner register --template-config`: the docker executor on an engine without network and without
 * volumes, which would need a helper that does something.
 */
export function runnerTemplate(options: RunnerTemplateOptions): string {
  const { socketPath, image, helper, buildsDirectory, volumes } = options;
  // JSON's strings and lists of strings are TOML's as well.
  const text = JSON.stringify;
  return `[[runners]]
  executor = "docker"
  [runners.docker]
    host = ${text(`unix://${socketPath}`)}
    image = ${text(image)}
    helper_image = ${text(helper)}
    pull_policy = ["if-not-present"]
    network_mode = "none"
    disable_cache = true
    # A service is not waited for: the wait is by its network.
    wait_for_services_timeout = -1
    volumes = ${text([`${buildsDirectory}:/builds`, ...volumes])}
`;
}
