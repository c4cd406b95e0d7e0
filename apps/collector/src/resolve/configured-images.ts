import type { ImageReference } from '@sideband/shared/image-reference';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';

/** What the merged CI configuration says a job uses: weaker than its trace. */
export interface ConfiguredImages {
  /** Those that are certain as far as the configuration goes. */
  readonly images: readonly { readonly role: 'build' | 'service'; readonly name: ImageReference }[];
  /**
   * What is not certain, one short sentence each: `image: $REGISTRY is not in the configuration`; also why nothing is
   * known at all. At most 20.
   */
  readonly missing: readonly string[];
}

/** Looks a job's images up in the configuration of its commit. Throws as GitLab's port does when GitLab is away. */
export type LookUpConfiguredImages = (gitlab: GitLab, job: GitLabJob) => Promise<ConfiguredImages>;
