export const USAGE = `sideband-reaper: keeps the disk of this GitLab runner host from filling up.

Usage:
  sideband-reaper [run]               with the collector's Redis, which SIDEBAND_REDIS names
  sideband-reaper run --standalone    without Redis and without GitLab: what this host sees decides
  sideband-reaper --help
  sideband-reaper --version

SIDEBAND_ENGINE names the engine (unix:///var/run/docker.sock); every other setting has a default.
Unless a policy file (SIDEBAND_POLICY) says "mode: enforce", nothing is deleted.
docs/operating.md lists the settings.
`;
