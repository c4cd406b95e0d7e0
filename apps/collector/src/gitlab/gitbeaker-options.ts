import type { BaseResourceOptions } from '@gitbeaker/requester-utils';
import type { Guest } from './guest/guest.ts';
import type { GitLabSettings } from './settings.ts';

/** For every resource of gitbeaker: it knows paths and parameters, and the guest does all the rest. */
export function gitbeakerOptions(settings: GitLabSettings, guest: Guest): BaseResourceOptions<false> {
  return {
    host: settings.url,
    requesterFn: guest.requesterFn,
    // gitbeaker's time-out would span all pages of a list and never a single one.
    queryTimeout: null,
    // The budget is the guest's, over all our processes together.
    rateLimits: {},
  };
}
