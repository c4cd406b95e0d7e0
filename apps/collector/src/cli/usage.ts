export const USAGE = `sideband-collector: learns from GitLab which job used which image on which host.

Usage:
  sideband-collector [serve]
  sideband-collector trace FILE|JOB_URL [--json]
  sideband-collector hooks install|verify|list|remove [WHERE...] [--apply] [--json]
  sideband-collector hooks secret WHERE
  sideband-collector doctor [--gitlab NAME] [--json]
  sideband-collector --help
  sideband-collector --version

WHERE is one or more of
  --project ID|PATH    a project
  --group ID|PATH      a group with all below it (GitLab Premium)
  --instance           the whole instance: every project that the token is a member of, and a system hook that
                       tells of new ones (that takes an administrator's token)
  --gitlab NAME        which GitLab, where there are several

trace says what Sideband reads from a job's log; a dash stands for standard input.
hooks install and remove only say what they would do, until --apply is given.
hooks secret prints address and secrets of a hook that you install by hand; also --file, for the file hook.
doctor looks at everything the collector needs of GitLab, and changes nothing.

The settings are those of the collector; docs/operating.md lists them.
`;
