/** The first two numbers of a GitLab's version, which say what its API knows. */
export interface GitLabVersion {
  readonly major: number;
  readonly minor: number;
}

/** Reads `17.5.0-ee`, `16.0.0-pre`. */
export function parseGitLabVersion(text: string): GitLabVersion | undefined {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})(?:\D|$)/.exec(text) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

export function isAtLeast(version: GitLabVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
