import type { Sightings } from '../evidence/sightings.ts';

export const NOTHING_SEEN: Sightings = {
  uses: [],
  pulled: [],
  builtHere: [],
  deleted: [],
  claims: [],
  managers: [],
  projects: [],
  position: undefined,
};
