/** In which version GitLab began to do something. */
const introduced = {
  eventUuidHeader: [14, 8],
  instanceHeader: [15, 5],
  webhookUuidHeader: [16, 2],
  lintSha: [16, 5],
  // A status and a parameter of about that time; GitLab's history of them is not exact.
  waitingForCallbackStatus: [16, 8],
  runnerJobsSystemId: [16, 8],
  lintContentRef: [16, 10],
  runnerManagerOfJob: [16, 11],
  hookTest: [16, 11],
  cancelingStatus: [17, 0],
  customTemplates: [17, 0],
  hookNames: [17, 1],
  // The sample in its documentation is of June 2024.
  runnerManagers: [17, 2],
  hookLog: [17, 3],
  idempotencyKey: [17, 4],
  hookResend: [17, 4],
  groupProjectEvents: [17, 6],
  // Before, four answers of 4xx disabled a hook for good.
  gradualDisabling: [17, 11],
  isoTimes: [18, 0],
  signingTokens: [19, 0],
} as const satisfies Readonly<Record<string, readonly [major: number, minor: number]>>;

export type Feature = keyof typeof introduced;

export interface Features {
  /** `17.5.0-ee` */
  readonly version: string;
  /** Group hooks are of the enterprise edition. */
  readonly enterprise: boolean;
  has(feature: Feature): boolean;
}

/** What GitLab of this version can do. Throws for what is no version. */
export function featuresOf(version: string): Features {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+(?:-[\w.]+)?$/.exec(version) ?? [];
  if (major === undefined || minor === undefined) throw new Error(`No version of GitLab: ${version}`);
  return {
    version,
    enterprise: version.endsWith('-ee'),
    has: (feature) => {
      const [sinceMajor, sinceMinor] = introduced[feature];
      return Number(major) > sinceMajor || (Number(major) === sinceMajor && Number(minor) >= sinceMinor);
    },
  };
}
