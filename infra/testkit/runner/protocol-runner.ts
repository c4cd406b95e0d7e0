import { openProtocolJob, type ProtocolJob } from './protocol-runner-job.ts';

interface ProtocolRunnerOptions {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The runner's authentication token. */
  readonly token: string;
  /** Of this process; those before 15.x had none. */
  readonly systemId?: string;
  /** `19.3.0` unless told. */
  readonly version?: string;
}

/** A runner manager on paper, which speaks to GitLab as gitlab-runner does; what its jobs do is the test's to say. */
export interface ProtocolRunner {
  /** Whether GitLab knows its token. */
  verify(): Promise<boolean>;
  /** A job that runs from now on; undefined where there is none for it. */
  request(): Promise<ProtocolJob | undefined>;
  /** The runner is gone, with all its managers. */
  unregister(): Promise<void>;
}

/** The answers to the two calls that hand out a token. */
interface RunnerCredentials {
  readonly id: number;
  readonly token: string;
}

export function protocolRunner(options: ProtocolRunnerOptions): ProtocolRunner {
  const { url, token, systemId, version = '19.3.0' } = options;
  const identity = {
    token,
    ...(systemId === undefined ? {} : { system_id: systemId }),
    info: {
      ...{ name: 'gitlab-runner', version, revision: '1f7b0b7a', platform: 'linux', architecture: 'amd64' },
      ...{ executor: 'docker', shell: 'bash', features: { image: true, services: true } },
    },
  };
  let lastUpdate: string | undefined;

  return {
    async verify() {
      const response = await call(url, 'POST', '/runners/verify', identity);
      return expectStatus(response, [200, 403]) === 200;
    },
    async request() {
      const body = { ...identity, ...(lastUpdate === undefined ? {} : { last_update: lastUpdate }) };
      const response = await call(url, 'POST', '/jobs/request', body, { 'RUNNER-TOKEN': token });
      lastUpdate = response.headers.get('X-GitLab-Last-Update') ?? lastUpdate;
      if (expectStatus(response, [201, 204]) === 204) return undefined;
      return openProtocolJob(url, (await response.json()) as ProtocolJob['specification']);
    },
    async unregister() {
      expectStatus(await call(url, 'DELETE', '/runners', { token }), [204]);
    },
  };
}

/** Makes a runner of the whole instance by its registration token. */
export async function registerRunner(
  url: string,
  registrationToken: string,
  description: string,
): Promise<RunnerCredentials> {
  const response = await call(url, 'POST', '/runners', { token: registrationToken, description });
  expectStatus(response, [201]);
  return (await response.json()) as RunnerCredentials;
}

function call(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/api/v4${path}`, {
    method,
    headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
  });
}

function expectStatus(response: Response, statuses: readonly number[]): number {
  if (statuses.includes(response.status)) return response.status;
  throw new Error(`GitLab answered a runner's ${new URL(response.url).pathname} with ${response.status}`);
}
